import { useEffect, useMemo, useRef } from "react";
import { lonLatOf, worldOf, type Georeference } from "@/core/ruler";
import { sizeOf } from "@/modes/measure";
import type { Sight } from "@/render/sight";
import { useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { useGeoreference } from "./useGeoreference";
import type { ImageFacts } from "./wire";
import type { Workspace } from "./workspace";

/** Where the pointer is, in pixels and on the ground, how close the view is, and how large what is selected is. */
export function SightBar({ workspace }: { workspace: Workspace }) {
  const { viewer } = useLabeling();
  const { image } = workspace;
  const place = useGeoreference(image);
  const bar = useRef<HTMLSpanElement>(null);
  const zoom = useRef<HTMLSpanElement>(null);
  // Written past React: the pointer moves sixty times a second.
  useEffect(() => {
    const tell = (sight: Sight): void => {
      if (bar.current) bar.current.textContent = coordinatesText(image, sight, place);
      if (zoom.current) zoom.current.textContent = zoomText(sight.resolution);
    };
    tell(viewer.sightStore.getState());
    return viewer.sightStore.subscribe(tell);
  }, [viewer, image, place]);
  return (
    <div className={classes["sight"]}>
      <span ref={zoom} data-testid="zoom" title="Pixels of the page for one of the image" />
      <span ref={bar} data-testid="coordinates" className={classes["grow"]} />
      <SelectionSize workspace={workspace} />
    </div>
  );
}

function SelectionSize({ workspace }: { workspace: Workspace }) {
  const ruler = useSession(workspace, (state) => state.ruler);
  const only = useSession(workspace, ({ selection, history }) => (selection.length === 1 ? history.present.document.get(selection[0] ?? "") : undefined));
  const size = useMemo(() => (only ? sizeOf(ruler, only) : ""), [ruler, only]);
  return size === "" ? null : (
    <span data-testid="selection-size" title="Outline and area of the selected object">
      {size}
    </span>
  );
}

function zoomText(resolution: number): string {
  const percent = 100 / resolution;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

function coordinatesText(image: ImageFacts, { at }: Sight, place: Georeference | null): string {
  if (!at || at[0] < 0 || at[1] < 0 || at[0] > image.width || at[1] > image.height) return "";
  const texts = [`x ${at[0].toFixed(1)}  y ${at[1].toFixed(1)}`];
  const world = place && worldOf(place, at);
  const lonLat = place && lonLatOf(place, at, image);
  const degrees = place?.unit === "degree";
  if (world && !degrees) texts.push(`${image.crs.startsWith("EPSG:") ? image.crs : place.name}  ${world[0].toFixed(1)}, ${world[1].toFixed(1)}`);
  if (lonLat) texts.push(`${Math.abs(lonLat[1]).toFixed(6)}° ${lonLat[1] < 0 ? "S" : "N"}, ${Math.abs(lonLat[0]).toFixed(6)}° ${lonLat[0] < 0 ? "W" : "E"}`);
  return texts.join("   ");
}
