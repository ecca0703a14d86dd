import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { changesKey, fetchRows, type Images, postLabeling, refreshAround, undoChange } from "@/api/gallery";
import { getJson } from "@/api/http";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { toBody } from "./filters/model";
import { Labeler, type Step } from "./labeler";
import { labelingWire } from "./labelingWire";
import { Rows } from "./rows";
import { galleryStore } from "./store";

const TOAST_MS = 9000;
/** As many ids are sent one by one; a longer list that is all of the filter is sent as the filter. */
const LISTED = 500;

/** Rows of the gallery, alive as long as the tab. */
export function useRows({ id, task }: Campaign): Rows {
  const rows = useMemo(() => new Rows((ids) => fetchRows(id, ids, task === "classification"), { onError: notifyProblem }), [id, task]);
  useEffect(() => () => rows.close(), [rows]);
  return rows;
}

/** How a list of ids is said: all of a long filter is said as the filter. */
export function namedImages(campaign: number, ids: readonly number[]): Images {
  const { ids: shown, filter } = galleryStore(campaign).getState();
  const whole = ids.length > LISTED && ids.length === shown.length && ids[0] === shown[0] && ids.at(-1) === shown.at(-1);
  if (!whole) return [...ids];
  const body = toBody(filter);
  return Object.keys(body).length === 0 ? "all" : { filter: body };
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
            const body = { ...asked, images: namedImages(id, images), add: [...asked.add], remove: [...asked.remove] };
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
          leftAlone: (count) => notifyDone(words.current("gallery.leftAlone", { count })),
          cutShort: (run) => notifyProblem(new Error(run.message === "" ? words.current("gallery.cutShort") : run.message)),
          away: () => notifications.show({ id: "away", color: "wheat", message: words.current("gallery.away"), autoClose: TOAST_MS }),
        },
      ),
      rows,
      { multi, onSaved: refresh, onRefused: (message) => notifications.show({ id: message, color: "red", title: words.current("gallery.refused"), message, autoClose: TOAST_MS }) },
    );
  }, [client, id, multi, rows]);
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
