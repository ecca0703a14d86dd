import { Anchor, Badge, Button, Card, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCampaignModelChanges } from "@/api/models";
import { notifyDone } from "@/api/queryClient";
import type { Campaign, CampaignModel } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { mayManage } from "../roles";
import { EnsembleMembers } from "./EnsembleMembers";
import { CurrentModel } from "./CurrentModel";
import { CoverageNotes } from "./CoverageNotes";
import { InferencePanel } from "./InferencePanel";
import { DownloadModel } from "./DownloadModel";
import { LabelMapper } from "./LabelMapper";
import { ScriptSamples } from "./ScriptSamples";
import { Thresholds } from "./Thresholds";
import { kindOf } from "@/pages/models/kinds";
import { useEdited } from "./useEdited";
import { useMissingLabels } from "./useMissingLabels";

/** One model put to use here: what its classes stand for, from when it drafts, and its runs. */
export function AttachedModel({ campaign, attached }: { campaign: Campaign; attached: CampaignModel }) {
  const { t } = useTranslation();
  const { save, detach } = useCampaignModelChanges(campaign.id);
  const { mapping, thresholds, stored, changed, setMapping, setThresholds, revert, toSave } = useEdited(campaign.id, attached);
  const { model } = attached;
  const missing = useMissingLabels(campaign, model);
  const manager = mayManage(campaign.role);
  const threshold = typeof model.options["threshold"] === "number" ? model.options["threshold"] : 0;
  const store = async () => {
    const use = await toSave();
    save.mutate(
      { model: model.id, mapping: model.classes.map((one) => ({ class: one.index, label: use.mapping.get(one.index) ?? null })), thresholds: { ...use.thresholds } },
      { onSuccess: () => notifyDone(t("mapper.saved")) },
    );
  };
  const askDetach = () =>
    modals.openConfirmModal({
      title: t("campaignModels.detachTitle", { name: model.name }),
      children: <Text size="sm">{t("campaignModels.detachText")}</Text>,
      labels: { confirm: t("campaignModels.detach"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => detach.mutate(model.id),
    });
  return (
    <Card data-testid="attached-model">
      <Stack gap="lg">
        <Group justify="space-between" wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Group gap="xs">
              <Title order={2} fz={18}>
                <Anchor component={Link} to={`/models/${model.id}`} inherit c="inherit">
                  {model.name}
                </Anchor>
              </Title>
              <Badge color="gray">{t(`models.kind.${kindOf(model)}`)}</Badge>
            </Group>
            <Text size="sm" c="dimmed">
              {model.kind === "promptable" ? t("models.version", { version: model.version }) : t("campaignModels.mapped", { mapped: mapping.size, classes: model.classes.length, version: model.version })}
            </Text>
          </div>
          {manager && (
            <Button size="xs" variant="subtle" color="gray" onClick={askDetach} style={{ flex: "none" }}>
              {t("campaignModels.detach")}
            </Button>
          )}
        </Group>
        {model.kind === "promptable" ? (
          <Text size="sm">{t("promptable.how")}</Text>
        ) : (
          <>
            <CurrentModel campaign={campaign} model={model} />
            {model.kind === "ensemble" ? (
              <EnsembleMembers campaign={campaign} model={model} readOnly={!manager} />
            ) : campaign.labels.length === 0 || model.classes.length === 0 ? (
              <Text size="sm" c="var(--winnow-wheat-text)">
                {t(campaign.labels.length === 0 ? "mapper.noLabels" : "mapper.noClasses")}{" "}
                {campaign.labels.length > 0 && manager && (
                  <Anchor component={Link} to={`/models/${model.id}?campaign=${campaign.id}`} inherit>
                    {t("mapper.toModel")}
                  </Anchor>
                )}
              </Text>
            ) : (
              <LabelMapper modelClasses={model.classes} labels={campaign.labels} mapping={mapping} onChange={setMapping} readOnly={!manager} />
            )}
            {model.classes.length > 0 && (
              <CoverageNotes campaign={campaign} model={model} mapping={mapping} stored={stored} creating={missing.creating} onCreate={manager ? (classes) => void missing.create(classes, mapping, thresholds) : undefined} />
            )}
            <Disclosure label={t("mapper.thresholds")}>
              <Text size="sm" c="dimmed" mb="sm">
                {t("mapper.thresholdsHint")}
              </Text>
              <Thresholds labels={campaign.labels} thresholds={thresholds} fallback={threshold} onChange={setThresholds} />
            </Disclosure>
            {changed && (
              <Group gap="xs">
                <Button onClick={() => void store()} loading={save.isPending} data-testid="save-mapping">
                  {t("mapper.save")}
                </Button>
                <Button variant="subtle" color="gray" onClick={revert} data-testid="revert-mapping">
                  {t("mapper.revert")}
                </Button>
              </Group>
            )}
            <Switch
              checked={(save.isPending ? save.variables.on_open : undefined) ?? attached.on_open} disabled={!manager} data-testid="on-open"
              label={t("campaignModels.onOpen")} description={t("campaignModels.onOpenHint")}
              onChange={(event) => save.mutate({ model: model.id, on_open: event.currentTarget.checked })}
            />
            <ScriptSamples campaign={campaign.id} model={model.id} />
            {manager && model.kind !== "ensemble" && <DownloadModel campaign={campaign} model={model} />}
            {manager && <InferencePanel campaign={campaign} model={model} mapped={stored.size > 0} />}
          </>
        )}
      </Stack>
    </Card>
  );
}
