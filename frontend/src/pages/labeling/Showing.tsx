import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { placeOf, remembered } from "@/core/places";
import { rulerOf } from "@/core/ruler";
import { PLAIN_TONE } from "@/core/tone";
import { beginAtArea, learnWhy } from "./asked";
import { useLabeling, usePreference } from "./LabelingContext";
import { bandChoiceOf, needsStatistics, pictureOf, statisticsQuery } from "./pictures";
import { useGeoreference } from "./useGeoreference";
import { useHeatMap } from "./useHeatMap";
import type { Workspace } from "./workspace";

/** Keep the viewer showing what React knows: image, bands and stretch, heat map, and how the person wants to see all that. */
export function Showing({ workspace }: { workspace: Workspace }) {
  useShownImage(workspace);
  useAreaAskedAbout(workspace);
  useRememberedPlace(workspace);
  useRuler(workspace);
  const { viewer, preferences } = useLabeling();
  const view = usePreference((state) => state.view);
  const hiddenLabels = usePreference((state) => state.hiddenLabels);
  const heatMap = useHeatMap(workspace);
  useEffect(() => viewer.setHeatMap(heatMap), [viewer, heatMap, workspace]);
  useEffect(() => viewer.setView(view), [viewer, view]);
  // Gamma of a raster is the server's work: it has the deep values.
  const gamma = workspace.image.tiled ? PLAIN_TONE.gamma : view.tone.gamma;
  useEffect(() => viewer.setTone({ ...view.tone, gamma }), [viewer, view.tone, gamma]);
  useEffect(() => workspace.session.setVisibility({ hiddenLabels: new Set(hiddenLabels) }), [workspace, hiddenLabels]);
  useEffect(() => {
    // Drawing with a hidden label shows it again: the eyes beside the labels follow.
    return workspace.session.store.subscribe((state, before) => {
      if (state.hiddenLabels.size < before.hiddenLabels.size) preferences.setState({ hiddenLabels: [...state.hiddenLabels] });
    });
  }, [workspace, preferences]);
  return null;
}

function useShownImage(workspace: Workspace): void {
  const { viewer, preferences, focusCanvas } = useLabeling();
  const choice = usePreference((state) => JSON.stringify(bandChoiceOf(workspace.image, state)));
  const enabled = usePreference((state) => needsStatistics(workspace.image, bandChoiceOf(workspace.image, state)));
  const statistics = useQuery({ ...statisticsQuery(workspace.image), enabled });
  const shown = useRef<Workspace | null>(null);
  useEffect(() => {
    const picture = pictureOf(workspace.image, JSON.parse(choice) as ReturnType<typeof bandChoiceOf>, statistics.data ?? null);
    if (shown.current === workspace) viewer.setPicture(picture);
    else {
      viewer.show(workspace.session, picture, placeOf(preferences.getState().places, workspace.image.id));
      // A row of the last image's list may have held the focus; whoever presses a button of the header again and again keeps it.
      if (!document.activeElement?.closest("[data-keeps-focus]")) focusCanvas();
    }
    shown.current = workspace;
  }, [viewer, workspace, choice, statistics.data, preferences, focusCanvas]);
}

/** Where a round asks about areas, the image opens at the first one; one that was left somewhere opens there. */
function useAreaAskedAbout(workspace: Workspace): void {
  const { viewer, preferences, campaign } = useLabeling();
  useEffect(() => {
    const wasLeft = placeOf(preferences.getState().places, workspace.image.id) !== null;
    if (campaign.task !== "classification" && !wasLeft) void beginAtArea(workspace, viewer);
    else if (campaign.task !== "classification") void learnWhy(workspace);
  }, [viewer, preferences, campaign.task, workspace]);
}

/** An image that is opened again opens where it was left. */
function useRememberedPlace({ image, session }: Workspace): void {
  const { viewer, preferences } = useLabeling();
  useEffect(() => {
    const remember = (): void => {
      if (!viewer.isShowing(session)) return;
      const { places } = preferences.getState();
      const next = remembered(places, image.id, viewer.place());
      if (next !== places) preferences.setState({ places: next });
    };
    viewer.map.on("moveend", remember);
    return () => viewer.map.un("moveend", remember);
  }, [viewer, preferences, image.id, session]);
}

/** Lengths in metres, as soon as it is known where the image lies; the ellipsoid is loaded only for images that need it. */
function useRuler({ image, session }: Workspace): void {
  const place = useGeoreference(image);
  useEffect(() => {
    if (!place) return;
    const size = { width: image.width, height: image.height };
    let current = true;
    void (place.measure === "geodesic" ? import("@/core/ellipsoid").then(({ WGS84 }) => WGS84) : Promise.resolve(null)).then((ellipsoid) => {
      if (current) session.setRuler(rulerOf(place, size, ellipsoid));
    });
    return () => {
      current = false;
    };
  }, [place, image, session]);
}
