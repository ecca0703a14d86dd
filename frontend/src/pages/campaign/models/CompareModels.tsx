import { Button, Card, Group, MultiSelect, NumberInput, Select, Stack, Switch, Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useComparison, useComparisonRuns, useStartComparison } from "@/api/comparison";
import type { Images } from "@/api/gallery";
import { isFinished } from "@/api/runs";
import type { Campaign, CampaignModel, Run } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { RunCard } from "@/parts/RunCard";
import { ErrorState, LoadingRows } from "@/parts/states";
import { useScopes } from "../images/ScopeSelect";
import { mayManage } from "../roles";
import { firstCompared, namesOf } from "./comparison";
import { ComparisonResult } from "./ComparisonResult";

const MOST = 6;
const HALF = 0.5;

/** Several models on the same images, compared in a run: how good each is, what it costs, and where they differ. */
export function CompareModels({ campaign, attached }: { campaign: Campaign; attached: readonly CampaignModel[] }) {
  const { t } = useTranslation();
  const able = attached.filter(({ model }) => model.kind !== "promptable");
  const runs = useComparisonRuns(campaign.id).data ?? [];
  const [picked, setPicked] = useState<number | null>(null);
  const shown = runs.find((run) => run.id === picked) ?? runs.find((run) => run.state !== "cancelled");
  if (able.length < 2 && shown === undefined) return null;
  return (
    <Card data-testid="compare-models">
      <Stack>
        <div>
          <Text fw={600} component="h2" fz="md" m={0}>
            {t("compareModels.title")}
          </Text>
          <Text size="sm" c="dimmed">
            {t("compareModels.text")}
          </Text>
        </div>
        {able.length >= 2 && <Question campaign={campaign} able={able} going={runs.some((run) => !isFinished(run))} onStarted={setPicked} />}
        {shown !== undefined && <Earlier runs={runs} shown={shown} onPick={setPicked} />}
        {shown !== undefined && shown.state !== "succeeded" && <RunCard id={shown.id} title={t("compareModels.runOf", { names: namesOf(shown) })} />}
        {shown !== undefined && <Found key={shown.id} campaign={campaign} run={shown} />}
      </Stack>
    </Card>
  );
}

interface QuestionProps {
  campaign: Campaign;
  able: readonly CampaignModel[];
  going: boolean;
  onStarted: (run: number) => void;
}

function Question({ campaign, able, going, onStarted }: QuestionProps) {
  const { t } = useTranslation();
  const start = useStartComparison(campaign.id);
  const [chosen, setChosen] = useState<string[]>(() => firstCompared(able).map(({ model }) => String(model.id)));
  const [overlap, setOverlap] = useState(HALF);
  const [ask, setAsk] = useState(false);
  const where = useImages(campaign);
  const data = able.map(({ model }) => ({ value: String(model.id), label: modelTitle(model) }));
  const known = chosen.filter((id) => data.some((one) => one.value === id));
  const compare = () => start.mutate({ models: known.map(Number), images: where.images, overlap, ask }, { onSuccess: (run) => onStarted(run.id) });
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <MultiSelect label={t("compareModels.models")} data={data} value={known} onChange={setChosen} maxValues={MOST} miw={280} maw={560} data-testid="compare-choice" />
        <Select label={t("compareModels.images")} data={where.data} value={where.name} onChange={where.setName} allowDeselect={false} w={240} data-testid="compare-images" />
        {campaign.task !== "classification" && (
          <NumberInput
            label={t("compareModels.overlap")}
            value={overlap}
            onChange={(value) => setOverlap(Number(value) || HALF)}
            min={0.05}
            max={1}
            step={0.05}
            decimalScale={2}
            w={140}
          />
        )}
        <Button variant="default" leftSection={<IconScale size={16} />} disabled={known.length < 2 || going} loading={start.isPending} onClick={compare} data-testid="compare">
          {t("compareModels.compare")}
        </Button>
      </Group>
      {mayManage(campaign.role) && (
        <Switch checked={ask} onChange={(event) => setAsk(event.currentTarget.checked)} label={t("compareModels.ask")} description={t("compareModels.askHint")} data-testid="compare-ask" />
      )}
    </Stack>
  );
}

/** The gallery's selection and filter, all images, and those that are held back. */
function useImages(campaign: Campaign) {
  const { t } = useTranslation();
  const scopes = useScopes(campaign, ["all"]);
  const [held, setHeld] = useState(false);
  const images: Images = held ? { filter: { split: "test" } } : scopes.images;
  const data = [
    ...scopes.names.map((name) => ({
      value: name as string,
      label: name === "selection" || name === "filter" ? t(`scope.${name}`, { count: scopes.counts[name] }) : t("compareModels.all"),
    })),
    { value: "test", label: t("compareModels.heldBack") },
  ];
  const setName = (name: string | null) => {
    setHeld(name === "test");
    const scope = scopes.names.find((one) => one === name);
    if (scope !== undefined) scopes.setName(scope);
  };
  return { data, images, name: held ? "test" : scopes.name, setName };
}

function Earlier({ runs, shown, onPick }: { runs: readonly Run[]; shown: Run; onPick: (run: number) => void }) {
  const { t, i18n } = useTranslation();
  if (runs.length < 2) return null;
  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  const data = runs.map((run) => ({
    value: String(run.id),
    label: t("compareModels.earlierOne", { names: namesOf(run), count: Number(run.params["count"] ?? 0), when: when.format(new Date(run.created_at)) }),
  }));
  return (
    <Select
      label={t("compareModels.earlier")}
      data={data}
      value={String(shown.id)}
      onChange={(value) => value !== null && onPick(Number(value))}
      allowDeselect={false}
      maw={560}
      data-testid="earlier-comparisons"
    />
  );
}

function Found({ campaign, run }: { campaign: Campaign; run: Run }) {
  const query = useComparison(campaign.id, run.id, run.state === "succeeded");
  if (query.error !== null) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isLoading) return <LoadingRows rows={3} />;
  const found = query.data?.found;
  return found === undefined || found === null ? null : <ComparisonResult campaign={campaign} comparison={found} />;
}
