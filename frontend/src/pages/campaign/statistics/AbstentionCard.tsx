import { Button, Card, Group, NumberInput, Select, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowRight, IconDeviceFloppy, IconEye, IconTarget } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Abstention, type Spans, fetchUnsureImages, suggestSpans, useAbstention, useSaveSpans } from "@/api/abstention";
import type { ImagesQuestion, Subject, Thresholds } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { keepScope } from "@/pages/labeling/scope";
import { ErrorState, LoadingRows } from "@/parts/states";
import { mayManage } from "../roles";
import { spanForAll, coverageOf } from "./spans";
import { SpanTable } from "./SpanTable";
import { shown } from "./figures";
import { RiskChart } from "./RiskChart";

const SETTLE_MS = 200;

interface Props {
  campaign: Campaign;
  subject: Subject;
  thresholds: Thresholds;
  objects: boolean;
  onImages: (question: ImagesQuestion) => void;
}

/** What is decided, how right that is, and how many errors people see instead, in one sentence. */
function Told({ decided }: { decided: Abstention["decided"] }) {
  const { t } = useTranslation();
  const { images, errors, caught, accuracy, accuracy_low: low, accuracy_high: high } = decided;
  const facts = { images, decided: decided.decided, coverage: shown(coverageOf(decided)), accuracy: shown(accuracy), low: shown(low), high: shown(high), caught, wrong: errors + caught };
  return (
    <Text size="sm" data-testid="abstention-told" data-decided={decided.decided}>
      {t(decided.decided === 0 ? "statistics.decidesNothing" : "statistics.decides", facts)} {errors + caught > 0 && t("statistics.caught", facts)}
    </Text>
  );
}

/** Opens the unlabeled images of which the model is unsure in the labeling tool, the least sure first. */
function LabelUnsure({ campaign, subject }: { campaign: Campaign; subject: Subject }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const open = useMutation({
    mutationFn: () => fetchUnsureImages(subject),
    onSuccess: (ids) => {
      const first = ids[0];
      if (first === undefined) return;
      keepScope(campaign.id, { kind: "selection", ids });
      void navigate({ to: "/campaigns/$campaignId/label", params: { campaignId: campaign.id }, search: { image: first, scope: "selection" } });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" rightSection={<IconArrowRight size={15} />} loading={open.isPending} onClick={() => open.mutate()} data-testid="label-unsure">
        {t("statistics.labelUnsure")}
      </Button>
      {open.data?.length === 0 && (
        <Text size="sm" role="status">
          {t("statistics.noneUnsure")}
        </Text>
      )}
    </>
  );
}

function Choosing({ subject, thresholds, labels, onChoose }: { subject: Subject; thresholds: Thresholds; labels: readonly number[]; onChoose: (spans: Spans) => void }) {
  const { t } = useTranslation();
  const [target, setTarget] = useState(0.95);
  const [on, setOn] = useState("validation");
  const [{ low, high }, setBoth] = useState({ low: 0.3, high: 0.7 });
  const choose = useMutation({ mutationFn: () => suggestSpans({ ...subject, slice: on === "here" ? subject.slice : "validation" }, thresholds, target), onSuccess: onChoose });
  const end = (which: "low" | "high") => (
    <NumberInput size="xs" w={90} label={t(`statistics.spanAll.${which}`)} min={0} max={1} step={0.01} decimalScale={3} value={which === "low" ? low : high} onChange={(value) => typeof value === "number" && setBoth({ low, high, [which]: value })} data-testid={`span-all-${which}`} />
  );
  return (
    <Group align="flex-end" gap="sm">
      <NumberInput size="xs" w={150} label={t("statistics.spanTarget")} min={50} max={100} suffix=" %" value={Math.round(1000 * target) / 10} onChange={(value) => typeof value === "number" && setTarget(Math.min(1, Math.max(0, value / 100)))} data-testid="span-target" />
      <Select
        size="xs" w={200} label={t("statistics.chosenOn")} allowDeselect={false} value={on} onChange={(value) => setOn(value ?? "validation")}
        data={[{ value: "validation", label: t("statistics.slices.validation") }, { value: "here", label: t("statistics.thisSlice") }]}
      />
      <Button size="xs" variant="default" leftSection={<IconTarget size={15} />} loading={choose.isPending} onClick={() => choose.mutate()} data-testid="spans-choose">
        {t("statistics.choose")}
      </Button>
      {end("low")}
      {end("high")}
      <Button size="xs" variant="default" disabled={low >= high} onClick={() => onChoose(spanForAll(labels, { low, high }))} data-testid="spans-set-all">
        {t("statistics.setAll")}
      </Button>
    </Group>
  );
}

/** Where the model is unsure and leaves the answer to people: how many images that costs, and how right the rest then is. */
export function AbstentionCard({ campaign, subject, thresholds, objects, onImages }: Props) {
  const { t } = useTranslation();
  const [tried, setTried] = useState<Spans | null>(null);
  const [settled] = useDebouncedValue(tried, SETTLE_MS);
  const [at] = useDebouncedValue(thresholds, SETTLE_MS);
  const query = useAbstention(subject, at, settled);
  const save = useSaveSpans(subject);
  const manager = mayManage(campaign.role);
  if (query.data === undefined) return <Card>{query.error === null ? <LoadingRows rows={2} /> : <ErrorState error={query.error} onRetry={() => void query.refetch()} />}</Card>;
  const { decided, curve, source, spans: told } = query.data;
  const spans = tried ?? told;
  const keep = () => save.mutate(spans, { onSuccess: () => setTried(null) });
  return (
    <Card data-testid="abstention" data-source={source}>
      <Group justify="space-between" mb="xs">
        <Title order={2} fz={18}>
          {t("statistics.abstention")}
        </Title>
        <Group gap="xs">
          {tried !== null && (
            <Button size="xs" variant="default" onClick={() => setTried(null)} data-testid="spans-reset">
              {t("statistics.reset")}
            </Button>
          )}
          {manager && Object.keys(spans).length > 0 && (
            <Button size="xs" variant="subtle" onClick={() => setTried({})} data-testid="spans-clear">
              {t("statistics.noSpans")}
            </Button>
          )}
          {manager && (
            <Button size="xs" leftSection={<IconDeviceFloppy size={15} />} disabled={tried === null} loading={save.isPending} onClick={keep} data-testid="spans-save">
              {t("statistics.saveSpans")}
            </Button>
          )}
        </Group>
      </Group>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("statistics.abstentionText")}
        </Text>
        <Told decided={decided} />
        <Choosing subject={subject} thresholds={thresholds} labels={decided.labels.map((share) => share.label_id)} onChoose={setTried} />
        {curve !== null && <RiskChart curve={curve} decided={decided} />}
        <SpanTable campaign={campaign} shares={decided.labels} spans={spans} thresholds={thresholds} objects={objects} onChange={setTried} />
        <Group gap="xs">
          <Button size="xs" variant="default" leftSection={<IconEye size={15} />} disabled={decided.decided === decided.images} onClick={() => onImages({ outcome: "unsure", order: "-uncertainty", spans: JSON.stringify(spans) })} data-testid="show-unsure">
            {t("statistics.showUnsure", { count: decided.images - decided.decided })}
          </Button>
          {source === "saved" && <LabelUnsure campaign={campaign} subject={subject} />}
        </Group>
      </Stack>
    </Card>
  );
}
