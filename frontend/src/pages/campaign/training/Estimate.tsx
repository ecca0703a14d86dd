import { Anchor, Button, Group, List, Loader, Table, Text } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problems";
import type { Campaign, TrainingAdvice, TrainingEstimate } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { LabelChip } from "@/parts/LabelChip";
import { duration } from "@/parts/runFormat";
import { useShow } from "../explore/useShow";
import { toSearch } from "../images/filters/address";

interface Props {
  campaign: Campaign;
  known: TrainingEstimate | undefined;
  /** The form has changed since. */
  stale: boolean;
  error: unknown;
  /** A network of a library is being built and filled, which takes seconds. */
  looking: boolean;
  /** A field says already what is wrong. */
  atField: boolean;
  /** Undefined where they are kept on one side already. */
  onKeepTwins: (() => void) | undefined;
}

/** What the training would be, as the form stands: who teaches and measures, how long it takes, what to mend first. */
export function Estimate({ campaign, known, stale, looking, error, atField, onKeepTwins }: Props) {
  const { t } = useTranslation();
  if (error !== null) {
    return (
      <Text size="sm" c="var(--winnow-wheat-text)" role="status" data-testid="training-refused">
        {atField ? t("training.estimate.mend") : messageOf(error)}
      </Text>
    );
  }
  if (known === undefined) return <Text size="sm" c="dimmed">{t("training.estimate.counting")}</Text>;
  if (looking) {
    return (
      <Group gap={8} role="status" data-testid="training-looking">
        <Loader size={14} aria-hidden />
        <Text size="sm" c="dimmed">{t("training.estimate.looking")}</Text>
      </Group>
    );
  }
  return (
    <div data-testid="training-estimate" data-stale={stale || undefined} data-measured={known.measured} aria-busy={stale}>
      <Group gap={6} wrap="nowrap" align="flex-start" role="status">
        <IconClock size={16} style={{ flexShrink: 0, marginTop: 2 }} aria-hidden />
        <Text size="sm" className="winnow-numbers">
          {sentences(known, t).join(" · ")}
        </Text>
      </Group>
      <Warnings campaign={campaign} known={known} onKeepTwins={onKeepTwins} />
      <Disclosure label={t("training.estimate.byLabel")} lazy>
        <ByLabel campaign={campaign} known={known} />
      </Disclosure>
    </div>
  );
}

function sentences(known: TrainingEstimate, t: TFunction): string[] {
  return [
    t(known.drawn ? "training.estimate.images" : "training.estimate.marked", { train: known.train, validation: known.validation }),
    ...(known.test > 0 ? [t("training.estimate.test", { count: known.test })] : []),
    t(known.steps > 1 ? "training.estimate.steps" : "training.estimate.epochs", { epochs: known.epochs, steps: known.steps, batch: known.batch }),
    t(known.seconds < 1 ? "training.estimate.quick" : known.measured ? "training.estimate.measured" : "training.estimate.guessed", { time: duration(known.seconds) }),
  ];
}

function Warnings({ campaign, known, onKeepTwins }: Pick<Props, "campaign" | "onKeepTwins"> & { known: TrainingEstimate }) {
  const { t } = useTranslation();
  if (known.warnings.length === 0) return null;
  return (
    <List size="sm" mt={6} spacing={4} icon={<IconAlertTriangle size={15} color="var(--winnow-wheat-text)" aria-label={t("training.estimate.warning")} />} data-testid="training-warnings">
      {known.warnings.map((warning) => (
        <List.Item key={warning.code} data-testid={`advice-${warning.code}`}>
          {warning.detail} {warning.code === "leak" && <Leak campaign={campaign} advice={warning} onKeepTwins={onKeepTwins} />}
        </List.Item>
      ))}
    </List>
  );
}

/** The images that teach and measure at once, and the remedy. */
function Leak({ campaign, advice, onKeepTwins }: { campaign: Campaign; advice: TrainingAdvice; onKeepTwins: (() => void) | undefined }) {
  const { t } = useTranslation();
  const show = useShow(campaign.id);
  return (
    <Group component="span" gap={6} display="inline-flex">
      <Button size="compact-xs" variant="default" data-testid="leak-show" onClick={() => show(t("training.estimate.twins"), advice.images)}>
        {t("training.estimate.show", { count: advice.images.length })}
      </Button>
      {onKeepTwins !== undefined && (
        <Button size="compact-xs" variant="default" data-testid="keep-twins" onClick={onKeepTwins}>
          {t("training.estimate.keepTwins")}
        </Button>
      )}
    </Group>
  );
}

function imagesOf(label: number) {
  return toSearch({ q: "", groups: [{ mode: "all", conditions: [{ field: "label", value: String(label) }] }] }, "id");
}

function ByLabel({ campaign, known }: { campaign: Campaign; known: TrainingEstimate }) {
  const { t } = useTranslation();
  const colors = new Map(campaign.labels.map((label) => [label.id, label.color]));
  return (
    <Table maw={420} className="winnow-numbers" verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("training.estimate.label")}</Table.Th>
          <Table.Th ta="right">{t("training.estimate.teach")}</Table.Th>
          <Table.Th ta="right">{t("training.estimate.measure")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {known.labels.map(({ label, name, train, validation }) => (
          <Table.Tr key={label}>
            <Table.Td>
              <Anchor c="inherit" renderRoot={(props) => <Link {...props} to="/campaigns/$campaignId/$tab" params={{ campaignId: campaign.id, tab: "images" }} search={imagesOf(label)} />}>
                <LabelChip label={{ name, color: colors.get(label) ?? "transparent" }} />
              </Anchor>
            </Table.Td>
            <Table.Td ta="right">{train}</Table.Td>
            <Table.Td ta="right">{validation}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
