import { useStore } from "zustand";
import type { Session } from "../../modes/session";
import { CommandButtons, FoldedGroup, OptionGroup, OptionSlider, useSetting } from "../OptionParts";
import classes from "../OptionParts.module.css";
import { HandButtons, PathOptions, ScissorsSwitch } from "../PathOptions";
import { linesAmong, simplifiedLine } from "./actions";
import { LINE_COMMANDS, SIMPLIFY_LINE } from "./commands";
import { lengthOf } from "./geometry";
import { LINE_TOLERANCE_PX } from "./settings";

const MOST_PX = 50;

export default function PolylineOptions({ session }: { session: Session }) {
  const document = useStore(session.store, ({ history }) => history.present.document);
  const selection = useStore(session.store, (state) => state.selection);
  const tolerance = useSetting(session.settings, LINE_TOLERANCE_PX);
  const lines = linesAmong(document, selection);
  const preview = (value: number): void => session.preview(lines.map((line) => ({ ...line, shape: simplifiedLine(line.shape, value) })));
  const [before, after] = [lines, lines.map((line) => ({ shape: simplifiedLine(line.shape, tolerance) }))].map((all) => all.reduce((sum, { shape }) => sum + shape.points.length, 0));
  return (
    <>
      <OptionGroup title="Line">
        <HandButtons session={session} />
        <ScissorsSwitch settings={session.settings} />
        <p className={classes["note"]} data-testid="line-length">
          {lines.length === 0 ? "Select a line to see its length." : `Length ${lines.reduce((sum, { shape }) => sum + lengthOf(shape.points), 0).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} px`}
        </p>
        <CommandButtons session={session} commands={LINE_COMMANDS} />
      </OptionGroup>
      <FoldedGroup settings={session.settings} title="Simplify">
        <div onBlur={() => session.preview([])} onPointerLeave={() => session.preview([])}>
          <OptionSlider settings={session.settings} setting={LINE_TOLERANCE_PX} label="Tolerance" most={MOST_PX} unit="px" onUse={(value) => value !== null && preview(value)} />
        </div>
        <p className={classes["note"]} role="status" data-testid="point-count">
          {lines.length === 0 ? "Select a line to see its points." : `${(before ?? 0).toLocaleString("en")} → ${(after ?? 0).toLocaleString("en")} points`}
        </p>
        <CommandButtons session={session} commands={[SIMPLIFY_LINE]} />
      </FoldedGroup>
      <FoldedGroup settings={session.settings} title="Snapping">
        <PathOptions settings={session.settings} />
      </FoldedGroup>
    </>
  );
}
