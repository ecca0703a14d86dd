import { useMemo } from "react";
import { useStore } from "zustand";
import type { Session } from "../../modes/session";
import { CommandButtons, FoldedGroup, OptionGroup, OptionSlider, OptionSwitch, useSetting } from "../OptionParts";
import classes from "../OptionParts.module.css";
import { HandButtons, PathOptions, ScissorsSwitch } from "../PathOptions";
import { polygonsAmong, simplifiedPolygon, vertexCount } from "./actions";
import { DRAWING, OPERATIONS, SIMPLIFY } from "./commands";
import { SPLIT_INTO_PARTS, TOLERANCE_PX } from "./settings";

const MOST_PX = 50;

/** Options of polygons: how the pointer snaps, what can be done to the selection, and how far it can be simplified. */
export default function PolygonOptions({ session }: { session: Session }) {
  return (
    <>
      <OptionGroup title="Polygon">
        <HandButtons session={session} />
        <ScissorsSwitch settings={session.settings} />
        <CommandButtons session={session} commands={[...DRAWING, ...OPERATIONS]} />
        <OptionSwitch settings={session.settings} setting={SPLIT_INTO_PARTS} label="Cut into parts" />
      </OptionGroup>
      <FoldedGroup settings={session.settings} title="Simplify">
        <Simplify session={session} />
      </FoldedGroup>
      <FoldedGroup settings={session.settings} title="Snapping">
        <PathOptions settings={session.settings} />
      </FoldedGroup>
    </>
  );
}

/** The slider shows what would be left, on the canvas and in numbers, before anything changes. */
function Simplify({ session }: { session: Session }) {
  const document = useStore(session.store, ({ history }) => history.present.document);
  const selection = useStore(session.store, (state) => state.selection);
  const tolerance = useSetting(session.settings, TOLERANCE_PX);
  const polygons = polygonsAmong(document, selection);
  const left = useMemo(() => polygonsAmong(document, selection).map((polygon) => ({ ...polygon, shape: simplifiedPolygon(polygon.shape, tolerance) })), [document, selection, tolerance]);
  const preview = (value: number): void => session.preview(polygons.map((polygon) => ({ ...polygon, shape: simplifiedPolygon(polygon.shape, value) })));
  return (
    <>
      <div onBlur={() => session.preview([])} onPointerLeave={() => session.preview([])}>
        <OptionSlider settings={session.settings} setting={TOLERANCE_PX} label="Tolerance" most={MOST_PX} unit="px" onUse={(value) => value !== null && preview(value)} />
      </div>
      <p className={classes["note"]} role="status" data-testid="vertex-count">
        {polygons.length === 0 ? "Select a polygon to see its vertices." : `${vertexCount(polygons).toLocaleString("en")} → ${vertexCount(left).toLocaleString("en")} vertices`}
      </p>
      <CommandButtons session={session} commands={[SIMPLIFY]} />
    </>
  );
}
