import { Button, Card, Group, Slider, Stack, Text } from "@mantine/core";
import { IconUsersGroup, IconWand } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { postLabeling, undoChange } from "@/api/gallery";
import { thumbnailUrl } from "@/api/thumbnails";
import { type Suggestion, useSuggest, useSuggestions } from "@/api/likeness";
import { notifyProblem } from "@/api/queryClient";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, Label } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";
import { EmptyState, Loaded } from "@/parts/states";
import { operation } from "../images/labeling";
import { newKey } from "../images/labelingWire";
import { waitingImages } from "../images/naming";
import { notifyUndoable } from "../images/useLabelWork";
import classes from "./Explore.module.css";
import { LatestRun } from "./LatestRun";
import { Outdated } from "./Outdated";
import { byLabel, keyOf } from "./suggested";
import { useShow } from "./useShow";

const NEIGHBOURS = 10;
const SHOWN = 12;

/** What the labeled images that look most alike suggest, taken over label by label. */
export function Suggestions({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useSuggestions(campaign.id);
  const ask = useSuggest(campaign.id);
  const going = useRuns({ campaign: campaign.id, kind: "suggesting" }).data?.some((run) => !isFinished(run)) === true;
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        {t("explore.suggestions.hint", { count: NEIGHBOURS })}
      </Text>
      <Button style={{ alignSelf: "start" }} leftSection={<IconWand size={17} />} loading={ask.isPending || going} onClick={() => ask.mutate("unlabeled")} data-testid="suggest">
        {t("explore.suggestions.ask")}
      </Button>
      <LatestRun campaign={campaign.id} kind="suggesting" />
      <Outdated outdated={query.data?.outdated === true} />
      <Loaded query={query}>
        {({ run, voters, suggestions }) =>
          suggestions.length === 0 ? (
            <EmptyState icon={<IconUsersGroup size={26} />} title={t(run === null ? "explore.suggestions.emptyTitle" : "explore.suggestions.noneTitle")}>
              {t(run === null ? "explore.suggestions.emptyText" : "explore.suggestions.noneText")}
            </EmptyState>
          ) : (
            <Board campaign={campaign} voters={voters} suggestions={suggestions} />
          )
        }
      </Loaded>
    </Stack>
  );
}

function Board({ campaign, voters, suggestions }: { campaign: Campaign; voters: number; suggestions: readonly Suggestion[] }) {
  const { t } = useTranslation();
  const [least, setLeast] = useState(0.8);
  const [out, setOut] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => byLabel(suggestions, least, out), [suggestions, least, out]);
  const surest = suggestions[0]?.confidence ?? 0; // the surest come first
  const shown = groups.reduce((sum, group) => sum + group.suggestions.length, 0);
  return (
    <Stack>
      <Group align="end" gap="xl">
        <div style={{ width: 260 }}>
          <Text size="sm" fw={500} mb={4}>
            {t("explore.suggestions.least")}: {Math.round(least * 100)} %
          </Text>
          <Slider min={0} max={1} step={0.01} value={least} onChange={setLeast} label={null} thumbLabel={t("explore.suggestions.least")} data-testid="suggest-least" />
        </div>
        <Text size="sm" c="dimmed" className="winnow-numbers" aria-live="polite" data-testid="suggest-count" data-count={shown}>
          {t("explore.suggestions.of", { shown, count: suggestions.length, voters })}
        </Text>
      </Group>
      {shown === 0 && surest > 0 && surest < least && (
        <Group gap="sm" data-testid="suggest-unsure">
          <Text size="sm">{t("explore.suggestions.unsure", { percent: Math.floor(surest * 100) })}</Text>
          <Button size="xs" variant="default" onClick={() => setLeast(Math.floor(surest * 10) / 10)}>
            {t("explore.suggestions.showUnsure")}
          </Button>
        </Group>
      )}
      {groups.map((group) => {
        const label = campaign.labels.find(({ id }) => id === group.label);
        return label === undefined ? null : <LabelCard key={label.id} campaign={campaign} label={label} suggestions={group.suggestions} onOut={(one) => setOut((now) => new Set([...now, keyOf(one)]))} />;
      })}
    </Stack>
  );
}

function LabelCard({ campaign, label, suggestions, onOut }: { campaign: Campaign; label: Label; suggestions: readonly Suggestion[]; onOut: (one: Suggestion) => void }) {
  const { t } = useTranslation();
  const show = useShow(campaign.id);
  const take = useTake(campaign);
  const ids = suggestions.map(({ image }) => image);
  const count = ids.length;
  return (
    <Card data-testid="suggested-label" data-label={label.name} data-count={count}>
      <Group justify="space-between" mb="sm">
        <Group gap="xs">
          <LabelChip label={label} />
          <Text size="sm" c="dimmed" className="winnow-numbers">
            {t("similar.count", { count })}
          </Text>
        </Group>
        <Group gap="xs">
          <Button size="xs" variant="subtle" onClick={() => show(t("explore.suggestions.shown", { name: label.name }), ids)}>
            {t("explore.suggestions.show")}
          </Button>
          <Button size="xs" variant="default" loading={take.busy} onClick={() => take.run(label.id, ids, false)} data-testid="suggest-draft">
            {t("explore.suggestions.draft")}
          </Button>
          <Button size="xs" loading={take.busy} onClick={() => take.run(label.id, ids, true)} data-testid="suggest-accept">
            {t("explore.suggestions.accept", { count })}
          </Button>
        </Group>
      </Group>
      <ul className={classes["twins"]}>
        {suggestions.slice(0, SHOWN).map((one, place) => (
          <li key={one.image}>
            <button type="button" className={classes["twin"]} aria-label={t("explore.suggestions.dropOne", { number: place + 1, percent: Math.round(one.confidence * 100) })} title={t("explore.suggestions.drop")} onClick={() => onOut(one)} data-testid="suggested-image">
              <img src={thumbnailUrl(one.image, 256)} alt="" loading="lazy" />
              <span className={classes["caption"]}>
                <b className="winnow-numbers">{Math.round(one.confidence * 100)} %</b>
                <span>{t("explore.suggestions.drop")}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {count > SHOWN && (
        <Text size="sm" c="dimmed" mt="xs">
          {t("explore.suggestions.more", { count: count - SHOWN })}
        </Text>
      )}
    </Card>
  );
}

/** Take suggestions over, handed in or as drafts, with the way back. */
function useTake(campaign: Campaign): { busy: boolean; run: (label: number, ids: readonly number[], submit: boolean) => void } {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const anew = () => client.invalidateQueries({ queryKey: campaignKey(campaign.id) });
  const run = async (label: number, ids: readonly number[], submit: boolean): Promise<void> => {
    setBusy(true);
    try {
      const { add, remove, ...rest } = operation({ add: [label], submit });
      // Whoever labeled some of them meanwhile, in another window or as another person, meant what they said.
      const { change, missing } = await postLabeling(campaign.id, { ...rest, add: [...add], remove: [...remove], images: waitingImages(ids) }, newKey());
      await anew();
      const done = t(submit ? "explore.suggestions.accepted" : "explore.suggestions.drafted", { count: ids.length - missing.length });
      notifyUndoable(missing.length === 0 ? done : `${done}; ${t("explore.suggestions.meanwhile", { count: missing.length })}`, t("gallery.undo"), () => void undoChange(campaign.id, change.id).then(anew, notifyProblem));
    } catch (error) {
      notifyProblem(error);
      await anew();
    } finally {
      setBusy(false);
    }
  };
  return { busy, run: (label, ids, submit) => void run(label, ids, submit) };
}
