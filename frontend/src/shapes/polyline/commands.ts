/** What is done to lines by a key or a button. A command that cannot be done says why. */
import type { AnnotationDocument } from "../../core/document";
import type { Bench } from "../../core/bench";
import type { ShapeCommand } from "../../core/kinds";
import { EditMode } from "../../modes/edit";
import { PathMode } from "../../modes/path/path-mode";
import { cut, joinLines, linesAmong, simplifyLines, turnRound, type LineAnnotation } from "./actions";
import { PolylineMode } from "./mode";
import { LINE_TOLERANCE_PX } from "./settings";

export interface LineCommand extends ShapeCommand {
  readonly short: string;
  /** Why it cannot be done now; null when it can. */
  readonly blocked: (bench: Bench) => string | null;
}

function selected(bench: Bench): LineAnnotation[] {
  return linesAmong(bench.document(), bench.selection()).filter(({ id }) => bench.isFree(id));
}

function needs(least: number, most = Infinity): (bench: Bench) => string | null {
  return (bench) => {
    const count = selected(bench).length;
    if (count < least) return least === 1 ? "Select a line first." : "Select at least two lines: click one, then Shift and click the others.";
    return count > most ? "Select one line only." : null;
  };
}

/** The inner point of the selected line that is marked or pointed at. */
function innerPoint(bench: Bench): number | null {
  const [line] = selected(bench);
  const keys = bench.alive instanceof EditMode ? bench.alive.meant() : [];
  const vertex = Number(keys[0]);
  return line && keys.length === 1 && vertex > 0 && vertex < line.shape.points.length - 1 ? vertex : null;
}

function command(facts: Omit<LineCommand, "when">): LineCommand {
  return { ...facts, when: (bench) => facts.blocked(bench) === null };
}

function change(bench: Bench, done: string, nothing: string, act: (document: AnnotationDocument, ids: readonly string[]) => AnnotationDocument): void {
  const before = bench.document();
  const ids = selected(bench).map(({ id }) => id);
  const after = act(before, ids);
  if (after === before) {
    bench.say(nothing);
    return;
  }
  bench.apply(done, () => after);
  bench.select([...ids.filter((id) => after.has(id)), ...[...after.keys()].filter((id) => !before.has(id))]);
}

function extend(bench: Bench): void {
  const [line] = selected(bench);
  const back = bench.alive instanceof PathMode ? null : bench.alive.name;
  bench.setMode("draw-polyline");
  if (line && bench.alive instanceof PolylineMode) bench.alive.extend(line.id, back);
}

function cutHere(bench: Bench): void {
  const vertex = innerPoint(bench);
  if (vertex === null) return;
  change(bench, "Cut a line", "A line is cut at an inner point.", (document, ids) => cut(document, ids[0] ?? "", vertex, () => bench.freshId()));
  bench.setMode("select");
}

export const LINE_COMMANDS: readonly LineCommand[] = [
  command({ id: "line-extend", title: "Add points to the line, at either end", short: "Add points", keys: ["K"], blocked: needs(1, 1), run: extend }),
  command({
    id: "line-cut", title: "Cut the line at the marked point", short: "Cut here", keys: ["C"],
    blocked: (bench) => needs(1, 1)(bench) ?? (innerPoint(bench) === null ? "Edit the line (E) and click one of its inner points first." : null), run: cutHere,
  }),
  command({
    id: "line-join", title: "Join the selected lines at their nearest ends", short: "Join", keys: ["J"], blocked: needs(2),
    run: (bench) => change(bench, "Joined lines", "There is nothing to join.", joinLines),
  }),
  command({
    id: "line-turn", title: "Turn the line round: last point first", short: "Turn round", keys: ["Alt+R"], blocked: needs(1),
    run: (bench) => change(bench, "Turned a line round", "There is nothing to turn.", turnRound),
  }),
];

export const SIMPLIFY_LINE: LineCommand = command({
  id: "line-simplify", title: "Simplify the selected lines", short: "Simplify", keys: ["Alt+S"], blocked: needs(1),
  run: (bench) => change(bench, "Simplified", "Every point is needed at this tolerance.", (document, ids) => simplifyLines(document, ids, bench.settings.get(LINE_TOLERANCE_PX))),
});

export const lineCommands: readonly LineCommand[] = [...LINE_COMMANDS, SIMPLIFY_LINE];
