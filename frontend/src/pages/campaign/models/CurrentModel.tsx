import { Badge, Button, Group, SegmentedControl, Text } from "@mantine/core";
import { IconArrowBackUp, IconFlag, IconHistory } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCurrentModel, useModelOfCampaign } from "@/api/learning";
import type { Campaign, RegisteredModel } from "@/api/types";
import { mayManage } from "../roles";
import { LostFile } from "./LostFile";

/** Whether rounds go by this model; a manager promotes it, goes back to the one before, or lets its last checkpoint answer. */
export function CurrentModel({ campaign, model }: { campaign: Campaign; model: RegisteredModel }) {
  const { t } = useTranslation();
  const current = useCurrentModel(campaign.id);
  const { promote, rollBack, answerWith } = useModelOfCampaign(campaign.id);
  const manager = mayManage(campaign.role);
  if (current.data === undefined) return null;
  const is = current.data.model?.id === model.id;
  const trained = model.kind === "internal" && model.protocol === "local";
  return (
    <Group gap="sm" data-testid="current-model">
      {is ? (
        <Badge color="pine" leftSection={<IconFlag size={12} />}>
          {t("currentModel.current")}
        </Badge>
      ) : (
        manager && (
          <Button size="xs" variant="default" leftSection={<IconFlag size={14} />} loading={promote.isPending} onClick={() => promote.mutate(model.id)} data-testid="promote">
            {t("currentModel.promote")}
          </Button>
        )
      )}
      {is && manager && current.data.may_roll_back && (
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconArrowBackUp size={14} />} loading={rollBack.isPending} onClick={() => rollBack.mutate()} data-testid="roll-back">
          {t("currentModel.rollBack")}
        </Button>
      )}
      {trained && manager && (
        <SegmentedControl
          size="xs" aria-label={t("currentModel.checkpoint")} disabled={answerWith.isPending}
          data={[{ value: "best", label: t("currentModel.best") }, { value: "last", label: t("currentModel.last") }]}
          value={model.answers_with === "last" ? "last" : "best"} onChange={(role) => answerWith.mutate({ model: model.id, role: role === "last" ? "last" : "best" })}
        />
      )}
      {trained && (
        <Button component={Link} to={`/campaigns/${campaign.id}/models/${model.id}`} size="xs" variant="subtle" leftSection={<IconHistory size={14} />} data-testid="checkpoints">
          {t("checkpoints.open")}
        </Button>
      )}
      {is && (
        <Text size="sm" c="dimmed">
          {t("currentModel.text")}
        </Text>
      )}
      {is && <LostFile campaign={campaign} />}
    </Group>
  );
}
