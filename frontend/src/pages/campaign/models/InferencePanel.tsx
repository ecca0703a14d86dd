import { Button, Group, Stack, Switch, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Images } from "@/api/gallery";
import { useStartInference } from "@/api/models";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, RegisteredModel } from "@/api/types";
import { waiting } from "@/parts/counts";
import { RunCard } from "@/parts/RunCard";
import { useScopes } from "../images/ScopeSelect";

/** Run a model over the campaign, and watch it. */
export function InferencePanel({ campaign, model, mapped }: { campaign: Campaign; model: RegisteredModel; mapped: boolean }) {
  const { t } = useTranslation();
  const [prefill, setPrefill] = useState(true);
  const [started, setStarted] = useState<number | null>(null);
  const start = useStartInference(campaign.id);
  const runs = useRuns({ campaign: campaign.id, kind: "inference" });
  const latest = (runs.data ?? []).find((run) => run.params["model"] === model.id);
  const shown = started ?? latest?.id ?? null;
  const going = latest !== undefined && !isFinished(latest);
  const scopes = useScopes(campaign, []);
  const run = (images: Images) => start.mutate({ model: model.id, images, prefill }, { onSuccess: (fresh) => setStarted(fresh.id) });
  const none = campaign.counts.images === 0;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Switch checked={prefill} onChange={(event) => setPrefill(event.currentTarget.checked)} label={t("inference.prefill")} description={t("inference.prefillHint")} />
        <Group gap="xs">
          {scopes.names.map((name) => (
            <Button key={name} variant="default" disabled={going} loading={start.isPending} onClick={() => run(scopes.imagesOf(name))} data-testid={`run-inference-${name}`}>
              {name === "filter" || name === "selection" ? t(`scope.${name}`, { count: scopes.counts[name] }) : null}
            </Button>
          ))}
          <Button variant="default" disabled={none || going} loading={start.isPending} onClick={() => run("all")} data-testid="run-inference-all">
            {t("inference.all", { count: campaign.counts.images })}
          </Button>
          <Button leftSection={<IconPlayerPlay size={16} />} disabled={none || going} loading={start.isPending} onClick={() => run("unlabeled")} data-testid="run-inference">
            {t("inference.unlabeled", { count: waiting(campaign.counts) })}
          </Button>
        </Group>
      </Group>
      {none && (
        <Text size="sm" c="dimmed">
          {t("inference.noImages")}
        </Text>
      )}
      {!mapped && (
        <Text size="sm" c="var(--winnow-wheat-text)">
          {t("inference.notMapped")}
        </Text>
      )}
      {shown !== null && <RunCard id={shown} title={t("inference.runOf", { name: model.name })} />}
    </Stack>
  );
}
