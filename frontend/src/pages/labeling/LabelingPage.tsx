import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Campaign, Label } from "@/api/types";
import { viewBook } from "@/api/viewBook";
import { follow } from "@/core/view-book";
import type { Definitions } from "@/core/attributes";
import { skeletonsOf } from "@/core/skeleton";
import { KeysContext } from "@/keys/KeyHint";
import { Viewer } from "@/render/viewer";
import { ServerAssistant } from "./assistant";
import { AttachedModels } from "./attached-models";
import { Banners } from "./Banners";
import { Canvas } from "./Canvas";
import { toolsOf } from "./commands";
import { ConflictScreen } from "./ConflictScreen";
import { Desk } from "./desk";
import { Header } from "./Header";
import { KeySheet } from "./KeySheet";
import { LabelingContext, type Labeling } from "./LabelingContext";
import { LabelPalette, usePointerPlace } from "./LabelPalette";
import { usePageKeysOf } from "./usePageKeysOf";
import classes from "./Labeling.module.css";
import { OnOpenModels } from "./on-open";
import { LeftPanel } from "./LeftPanel";
import { statisticsQuery } from "./pictures";
import { preferencesOf, toolSettingsOf, type PreferenceStore } from "./preferences";
import { VIEW_OF_LABELING } from "./followed";
import { RightPanel } from "./RightPanel";
import type { Walk } from "./scope";
import type { ImageFacts } from "./wire";
import { usePageKeys, usePageLife } from "./usePage";

interface Props {
  campaign: Campaign;
  /** The image to open first; without one the queue decides. */
  image: number | null;
  /** The images to go through, instead of the queue. */
  walk: Walk | null;
}

interface Machinery {
  readonly desk: Desk;
  readonly viewer: Viewer;
  readonly preferences: PreferenceStore;
}

/** Build what lives outside React, once per campaign, and take it down with the page. */
function useMachinery(campaign: Campaign, image: number | null, walk: Walk | null): Machinery | null {
  const [machinery, setMachinery] = useState<Machinery | null>(null);
  const first = useRef(campaign);
  const client = useQueryClient();
  useEffect(() => {
    const { id, task, settings, labels, role } = first.current;
    const preferences = preferencesOf(id);
    const unfollow = follow(viewBook, preferences, VIEW_OF_LABELING);
    const viewer = new Viewer();
    const models = new AttachedModels(id);
    const assistantOf = (image: ImageFacts): ServerAssistant =>
      new ServerAssistant({ image, models, preferences, sight: () => (desk.onDesk()?.image.id === image.id ? viewer.sight() : null) });
    const desk: Desk = new Desk({ campaign: id, task, multiLabel: settings.multi_label ?? false, firstLabel: labels[0]?.id ?? null, mayLabel: role !== "viewer", walk, preferences, settings: toolSettingsOf(preferences), definitions: definitionsOf(labels), skeletons: skeletonsOf(labels), shapes: new Set(toolsOf(first.current).map(({ shape }) => shape)), assistantOf, onOpen: new OnOpenModels(models), statistics: (raster) => client.fetchQuery(statisticsQuery(raster)) });
    // A threshold that comes from another browser is that of the image on the desk, too.
    preferences.subscribe(({ thresholds }, before) => {
      if (thresholds !== before.thresholds) desk.onDesk()?.session.setThresholds(thresholds);
    });
    setMachinery({ desk, viewer, preferences });
    void desk.start(image);
    return () => {
      unfollow();
      desk.close();
      viewer.dispose();
    };
  }, [image, walk, client]);
  return machinery;
}

function definitionsOf(labels: readonly Label[]): Definitions {
  return new Map(labels.flatMap(({ id, attributes }) => (attributes && attributes.length > 0 ? [[id, attributes]] : [])));
}

export function LabelingPage({ campaign, image, walk }: Props) {
  const machinery = useMachinery(campaign, image, walk);
  return machinery && <LabelingDesk campaign={campaign} {...machinery} />;
}

function LabelingDesk({ campaign, desk, viewer, preferences }: Machinery & { campaign: Campaign }) {
  const canvas = useRef<HTMLDivElement>(null);
  const [keysShown, setKeysShown] = useState(false);
  const [palette, setPalette] = useState<readonly [number, number] | null>(null);
  const pointer = usePointerPlace(canvas);
  const keys = usePageKeysOf(campaign);
  const { labels } = keys;
  const labeling = useMemo<Labeling>(
    () => ({
      campaign, desk, viewer, preferences, labels, keys,
      readOnly: campaign.role === "viewer",
      toggleKeySheet: () => setKeysShown((shown) => !shown),
      openLabelPalette: () => setPalette(pointer()),
      focusCanvas: () => canvas.current?.focus({ preventScroll: true }),
    }),
    [campaign, desk, viewer, preferences, labels, keys, pointer],
  );
  useEffect(() => viewer.setLabels(new Map(labels.map(({ label }) => [label.id, label]))), [viewer, labels]);
  usePageKeys(labeling, canvas);
  usePageLife(labeling);
  return (
    <KeysContext value={keys.keymap}>
      <LabelingContext value={labeling}>
        <div className={classes["page"]} onClick={(event) => giveFocusBack(event, labeling)}>
          <Header />
          <LeftPanel />
          <main className={classes["stage"]} aria-label="Image">
            <Canvas ref={canvas} />
            <Banners />
          </main>
          <RightPanel />
        </div>
        <ConflictScreen />
        {palette && <LabelPalette at={palette} onClose={() => setPalette(null)} />}
        <KeySheet opened={keysShown} onClose={() => setKeysShown(false)} />
      </LabelingContext>
    </KeysContext>
  );
}

/** After a click of the mouse the keys belong to the image again; a keyboard's click (detail 0) stays where it is. */
function giveFocusBack(event: React.MouseEvent, { focusCanvas }: Labeling): void {
  const control = event.target instanceof Element ? event.target.closest("button, input[type=checkbox], input[type=range]") : null;
  if (event.detail > 0 && control && !control.hasAttribute("aria-haspopup") && !control.hasAttribute("aria-expanded")) focusCanvas();
}
