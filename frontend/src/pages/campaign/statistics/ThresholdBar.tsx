import { Button, Card, Divider, Group, NumberInput, Select, Text, Title } from "@mantine/core";
import { IconDeviceFloppy, IconTarget } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Aim, type Statistics, type Subject, suggestThresholds, type Thresholds, useStatisticsActions } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { mayManage } from "../roles";
import { setAll, unreachedBy } from "./curves";
import { Profiles } from "./Profiles";

interface Props {
  campaign: Campaign;
  subject: Subject;
  statistics: Statistics;
  thresholds: Thresholds;
  changed: boolean;
  setGiven: (thresholds: Thresholds | null) => void;
}

/** Choose thresholds by an aim, or one for all; try them, and save them for drafts as well. */
export function ThresholdBar({ campaign, subject, statistics, thresholds, changed, setGiven }: Props) {
  const { t } = useTranslation();
  const [aim, setAim] = useState<Aim>("f1");
  const [target, setTarget] = useState(0.9);
  const [one, setOne] = useState(0.5);
  const [on, setOn] = useState("validation");
  const { save } = useStatisticsActions(subject);
  const choose = useMutation({
    mutationFn: () => suggestThresholds({ ...subject, slice: on === "here" ? subject.slice : "validation" }, aim, target),
    onSuccess: (found) => setGiven({ ...thresholds, ...found }),
  });
  const unreached = choose.data === undefined ? [] : unreachedBy(choose.data, statistics, campaign);
  if (statistics.kind === "areas") return null;
  return (
    <Card data-testid="threshold-bar">
      <Group justify="space-between" mb="xs">
        <Title order={2} fz={18}>
          {t("statistics.thresholds")}
        </Title>
        <Group gap="xs">
          {changed && (
            <Button size="xs" variant="default" onClick={() => setGiven(null)} data-testid="thresholds-reset">
              {t("statistics.reset")}
            </Button>
          )}
          {mayManage(campaign.role) && (
            <Button size="xs" leftSection={<IconDeviceFloppy size={15} />} disabled={!changed && statistics.thresholds_source === "saved"} loading={save.isPending} onClick={() => save.mutate(thresholds, { onSuccess: () => setGiven(null) })} data-testid="thresholds-save">
              {t("statistics.save")}
            </Button>
          )}
        </Group>
      </Group>
      <Text size="sm" c="dimmed" mb="sm" data-testid="thresholds-source" data-source={changed ? "given" : statistics.thresholds_source}>
        {t(`statistics.source.${changed ? "given" : statistics.thresholds_source}`)}
      </Text>
      <Group align="flex-end" gap="sm">
        <Select
          size="xs" w={190} label={t("statistics.aim")} allowDeselect={false} value={aim} onChange={(value) => setAim((value ?? "f1") as Aim)}
          data={(["f1", "precision", "recall"] as const).map((value) => ({ value, label: t(`statistics.aims.${value}`) }))}
        />
        {aim !== "f1" && (
          <NumberInput size="xs" w={90} label={t("statistics.target")} min={1} max={100} suffix=" %" value={Math.round(1000 * target) / 10} onChange={(value) => typeof value === "number" && value > 0 && setTarget(Math.min(1, Math.max(0, value / 100)))} />
        )}
        <Select
          size="xs" w={200} label={t("statistics.chosenOn")} allowDeselect={false} value={on} onChange={(value) => setOn(value ?? "validation")}
          data={[{ value: "validation", label: t("statistics.slices.validation") }, { value: "here", label: t("statistics.thisSlice") }]}
        />
        <Button size="xs" variant="default" leftSection={<IconTarget size={15} />} loading={choose.isPending} onClick={() => choose.mutate()} data-testid="thresholds-choose">
          {t("statistics.choose")}
        </Button>
        <NumberInput size="xs" w={90} label={t("statistics.oneForAll")} min={0} max={1} step={0.01} decimalScale={3} value={one} onChange={(value) => typeof value === "number" && setOne(value)} data-testid="threshold-all" />
        <Button size="xs" variant="default" onClick={() => setGiven(setAll(statistics.labels.map((row) => row.label_id), one))} data-testid="thresholds-set-all">
          {t("statistics.setAll")}
        </Button>
      </Group>
      {unreached.length > 0 && (
        <Text size="sm" mt="xs" role="status" data-testid="aim-unreached">
          {t("statistics.unreached", { count: unreached.length, labels: unreached.join(", ") })}
        </Text>
      )}
      <Divider my="sm" />
      <Profiles subject={subject} manager={mayManage(campaign.role)} thresholds={thresholds} onPick={setGiven} />
    </Card>
  );
}
