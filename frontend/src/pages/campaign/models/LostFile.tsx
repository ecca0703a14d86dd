import { Alert, Anchor, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCurrentModel } from "@/api/learning";
import type { Campaign } from "@/api/types";

/** Says that the file of the current model is missing or damaged, before a round or a run fails of it, and what helps. */
export function LostFile({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const current = useCurrentModel(campaign.id).data;
  if (current === undefined || current.model === null || current.file === null || current.file === "ready") return null;
  const { id, name } = current.model;
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} aria-hidden="true" />} data-testid="lost-file" data-state={current.file} w="100%">
      <Text size="sm">
        {t(`currentModel.file.${current.file}`, { name })} {t(current.may_roll_back ? "currentModel.file.backOr" : "currentModel.file.trainOr")}{" "}
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/campaigns/$campaignId/models/$modelId" params={{ campaignId: campaign.id, modelId: id }} />}>
          {t("checkpoints.open")}
        </Anchor>
      </Text>
    </Alert>
  );
}
