import { Button, Group, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { modelDownloadUrl } from "@/api/models";
import type { Campaign, RegisteredModel } from "@/api/types";
import { isOnnx } from "@/pages/models/kinds";
import { Disclosure } from "@/parts/Disclosure";

/** Protocols of models whose network lies in one file here. */
const PACKED: ReadonlySet<string> = new Set(["local", "onnx"]);

/** A model whose network is here goes along as an archive that answers by itself. */
export function DownloadModel({ campaign, model }: { campaign: Campaign; model: RegisteredModel }) {
  const { t } = useTranslation();
  if (model.kind !== "internal" || !PACKED.has(model.protocol)) return null;
  const checkpoints = isOnnx(model) ? (["best"] as const) : (["best", "last"] as const);
  return (
    <Disclosure label={t("downloadModel.title")}>
      <Text size="sm" c="dimmed" mb="sm">
        {t("downloadModel.text")}
      </Text>
      <Group gap="xs">
        {checkpoints.map((name) => (
          <Button
            key={name} component="a" href={modelDownloadUrl(campaign.id, model.id, name)} download variant="default" size="xs"
            leftSection={<IconDownload size={15} />} data-testid={`download-model-${name}`}
          >
            {t(isOnnx(model) ? "downloadModel.onnx" : `downloadModel.${name}`)}
          </Button>
        ))}
      </Group>
    </Disclosure>
  );
}
