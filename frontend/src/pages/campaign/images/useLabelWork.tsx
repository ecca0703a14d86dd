import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { changesKey, fetchRows, idsKey, type Images, postLabeling, refreshAround, undoChange } from "@/api/gallery";
import { getJson } from "@/api/http";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { Labeler, type Step } from "./labeler";
import { labelingWire } from "./labelingWire";
import { Rows } from "./rows";
import { namedImages } from "./naming";
import { without } from "./selection";
import { galleryStore, unlist } from "./store";

const TOAST_MS = 9000;
/** Rows of the gallery, alive as long as the tab. */
export function useRows({ id, task }: Campaign): Rows {
  const rows = useMemo(() => new Rows((ids) => fetchRows(id, ids, task === "classification"), { onError: notifyProblem }), [id, task]);
  useEffect(() => () => rows.close(), [rows]);
  return rows;
}

/** The same as `namedImages`, for something that is being done now: from then on the filter may give others. */
export function takenImages(campaign: number, ids: readonly number[]): Images {
  const store = galleryStore(campaign);
  const images = namedImages(store.getState(), ids);
  store.setState({ idsOf: null });
  return images;
}

/** Images that turned out to be gone leave the selection and the list. */
export function useGone(campaign: number): (missing: readonly number[]) => void {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useCallback(
    (missing) => {
      if (missing.length === 0) return;
      galleryStore(campaign).setState(({ selection }) => ({ selection: without(selection, missing) }));
      unlist(campaign, missing);
      void client.invalidateQueries({ queryKey: idsKey(campaign) });
      notifyDone(t("gallery.gone", { count: missing.length }));
    },
    [client, campaign, t],
  );
}

let lastOffer = "";
let offers = 0;

/** Say that something was done, with the way back. One offer at a time: the newest would wait behind older ones, and Ctrl+Z has those. */
export function notifyUndoable(message: string, undoWord: string, onUndo: () => void): void {
  offers += 1;
  const id = `undo-${offers}`;
  if (lastOffer !== "") notifications.hide(lastOffer);
  lastOffer = id;
  notifications.show({
    id,
    color: "pine",
    autoClose: TOAST_MS,
    // Above: below stands what can be done with the selection.
    position: "top-center",
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button
          size="compact-sm"
          variant="light"
          data-testid="toast-undo"
          onClick={() => {
            notifications.hide(id);
            onUndo();
          }}
        >
          {undoWord}
        </Button>
      </Group>
    ),
  });
}

export interface LabelWork {
  readonly labeler: Labeler;
  /** Offer the way back for a step. */
  readonly offerUndo: (step: Step) => void;
}

/** The labeler of this gallery, wired to the server. */
export function useLabelWork(campaign: Campaign, rows: Rows): LabelWork {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useRef(t);
  const gone = useGone(campaign.id);
  words.current = t;
  const { id } = campaign;
  const multi = campaign.settings.multi_label ?? false;
  const labeler = useMemo(() => {
    let pending = 0;
    // Counts beside the grid may lag behind a quick hand, but never by more than this.
    const refresh = (): void => {
      window.clearTimeout(pending);
      pending = window.setTimeout(() => void refreshAround(client, id), 400);
    };
    return new Labeler(
      labelingWire(
        {
          label: (images, asked, key) => {
            const body = { ...asked, images: takenImages(id, images), add: [...asked.add], remove: [...asked.remove] };
            return () => postLabeling(id, body, key);
          },
          undo: async (change) => {
            const undone = await undoChange(id, change);
            await Promise.all([client.invalidateQueries({ queryKey: campaignKey(id), exact: true }), client.invalidateQueries({ queryKey: changesKey(id) })]);
            return undone;
          },
          run: (run) => getJson(`/runs/${run}`),
        },
        {
          inBackground: (count) => notifyDone(words.current("gallery.inBackground", { count })),
          leftOut: (count) => notifyDone(words.current("gallery.leftOut", { count })),
          gone,
          leftAlone: (count) => notifyDone(words.current("gallery.leftAlone", { count })),
          cutShort: (run) => notifyProblem(new Error(run.message === "" ? words.current("gallery.cutShort") : run.message)),
          away: () => notifications.show({ id: "away", color: "wheat", message: words.current("gallery.away"), autoClose: TOAST_MS }),
        },
      ),
      rows,
      { multi, onSaved: refresh, onRefused: (message) => notifications.show({ id: message, color: "red", title: words.current("gallery.refused"), message, autoClose: TOAST_MS }) },
    );
  }, [client, id, multi, rows, gone]);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (!labeler.isSafe()) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [labeler]);
  return useMemo(
    () => ({ labeler, offerUndo: (step) => notifyUndoable(step.title, words.current("gallery.undo"), () => labeler.undo(step)) }),
    [labeler],
  );
}
