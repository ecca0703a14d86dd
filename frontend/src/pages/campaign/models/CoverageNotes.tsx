import { Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCoverage } from "@/api/modelHealth";
import type { Campaign, Label, ModelClass, RegisteredModel } from "@/api/types";
import { shownShare } from "@/pages/models/health/health";
import { leadNowhere, type Mapping, unfed } from "./mapper";

const NAMED = 6;

function listed(names: readonly string[]): string {
  return names.length <= NAMED ? names.join(", ") : `${names.slice(0, NAMED).join(", ")} … (${names.length})`;
}

function Note({ children, testid }: { children: React.ReactNode; testid: string }) {
  return (
    <Group gap={7} wrap="nowrap" align="flex-start" data-testid={testid}>
      <IconAlertTriangle size={16} style={{ flex: "none", marginTop: 2, color: "var(--winnow-wheat-text)" }} aria-hidden="true" />
      <Text size="sm">{children}</Text>
    </Group>
  );
}

interface Props {
  campaign: Campaign;
  model: RegisteredModel;
  mapping: Mapping;
  /** What is stored; the figures of answers speak of that. */
  stored: Mapping;
  creating: boolean;
  /** Make labels of these classes and map them; absent for whoever may not. */
  onCreate?: ((classes: ModelClass[]) => void) | undefined;
}

/** What the mapping leaves out: labels without a class, classes without a label, and how much of the answers that is. */
export function CoverageNotes({ campaign, model, mapping, stored, creating, onCreate }: Props) {
  const { t } = useTranslation();
  const coverage = useCoverage(campaign.id, model.id, JSON.stringify([...stored])).data;
  const nowhere = leadNowhere(model.classes, mapping);
  const without = unfed(campaign.labels, mapping);
  const named = new Map(campaign.labels.map((label: Label) => [label.id, label.name]));
  const heavy = (coverage?.classes ?? []).filter((one) => one.label_id === null && one.mass > 0);
  const total = (coverage?.classes ?? []).reduce((sum, one) => sum + one.mass, 0);
  const unheard = (coverage?.unheard ?? []).flatMap((id) => named.get(id) ?? []);
  return (
    <Stack gap={6} data-testid="coverage">
      {without.length > 0 && <Note testid="unfed">{t("mapper.unfed", { count: without.length, names: listed(without.map((label) => label.name)) })}</Note>}
      {nowhere.length > 0 && <Note testid="nowhere">{t("mapper.nowhere", { count: nowhere.length, names: listed(nowhere.map((one) => one.name)) })}</Note>}
      {coverage !== undefined && coverage.unmapped !== null && coverage.unmapped > 0 && (
        <Note testid="unmapped">
          {t("mapper.unmapped", { count: coverage.answers, share: shownShare(coverage.unmapped) })}{" "}
          {listed(heavy.map((one) => t("mapper.unmappedClass", { name: one.name, share: shownShare(one.mass / total) })))}
        </Note>
      )}
      {unheard.length > 0 && <Note testid="unheard">{t("mapper.unheard", { count: unheard.length, names: listed(unheard) })}</Note>}
      {onCreate !== undefined && nowhere.length > 0 && (
        <div>
          <Button size="xs" variant="default" leftSection={<IconPlus size={15} />} loading={creating} onClick={() => onCreate(nowhere)} data-testid="create-labels">
            {t("mapper.missing", { count: nowhere.length, name: nowhere[0]?.name })}
          </Button>
        </div>
      )}
    </Stack>
  );
}
