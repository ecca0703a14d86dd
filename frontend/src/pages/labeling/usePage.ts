import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type RefObject } from "react";
import { campaignKey } from "@/api/campaigns";
import { lookingContextOf, type Labeling } from "./LabelingContext";
import { handleKey } from "./keyboard";

/** The keyboard of the page: commands, labels, Space to pan, Tab through the objects. */
export function usePageKeys(labeling: Labeling, canvas: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const { viewer, keys } = labeling;
    const keyboard = { context: () => lookingContextOf(labeling), readOnly: () => labeling.readOnly, keymap: () => keys.keymap, canvas: () => canvas.current };
    const isCanvas = (event: KeyboardEvent): boolean => event.target === canvas.current || event.target === document.body;
    const down = (event: KeyboardEvent): void => {
      labeling.desk.store.getState().current?.noteActivity();
      if (event.key === " " && isCanvas(event)) {
        viewer.setPanning(true);
        event.preventDefault();
      } else if (handleKey(keyboard, event)) event.preventDefault();
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key === " ") viewer.setPanning(false);
    };
    const blur = (): void => viewer.setPanning(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", blur);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", blur);
    };
  }, [labeling, canvas]);
}

/** Leaving and coming back: nothing unsaved is lost, nothing leased is kept. */
export function usePageLife(labeling: Labeling): void {
  const client = useQueryClient();
  useEffect(() => {
    const { desk } = labeling;
    const ask = (event: BeforeUnloadEvent): void => {
      if (!desk.isSafe()) event.preventDefault();
    };
    const hide = (): void => desk.leave();
    const hidden = (): void => {
      if (document.visibilityState === "hidden") void desk.store.getState().current?.autosave.flush();
    };
    const online = (): void => desk.wake();
    const active = (): void => desk.store.getState().current?.noteActivity();
    const book = () => desk.store.getState().current?.effort;
    // After the canvas and the panels had it: what changed by then was this click's work.
    const acted = (): void => book()?.input();
    const gesture = (): void => book()?.input({ drew: desk.onDesk()?.session.store.getState().mode.startsWith("draw-") === true });
    labeling.viewer.onGesture(gesture);
    window.addEventListener("click", acted);
    window.addEventListener("change", acted);
    window.addEventListener("beforeunload", ask);
    window.addEventListener("pagehide", hide);
    window.addEventListener("online", online);
    window.addEventListener("pointermove", active, { passive: true });
    window.addEventListener("pointerdown", active, { passive: true });
    document.addEventListener("visibilitychange", hidden);
    return () => {
      labeling.viewer.onGesture(null);
      window.removeEventListener("click", acted);
      window.removeEventListener("change", acted);
      window.removeEventListener("beforeunload", ask);
      window.removeEventListener("pagehide", hide);
      window.removeEventListener("online", online);
      window.removeEventListener("pointermove", active);
      window.removeEventListener("pointerdown", active);
      document.removeEventListener("visibilitychange", hidden);
    };
  }, [labeling]);
  const { id } = labeling.campaign;
  useEffect(() => {
    // Whoever comes back to the campaign finds its counts and pictures as they are now.
    return () => void client.invalidateQueries({ queryKey: campaignKey(id) });
  }, [client, id]);
}
