/** What keys do to points; each reaches the mode that is alive, so that all of them can be changed. */
import { setShape } from "../../actions/annotations";
import type { Bench } from "../../core/bench";
import type { ShapeCommand } from "../../core/kinds";
import { mirrored } from "./actions";
import { pointsModeOf } from "./draw-mode";
import { editModeOf } from "./edit-mode";

function guided(bench: Bench): boolean {
  return pointsModeOf(bench)?.skeleton != null;
}

function placing(bench: Bench): boolean {
  return pointsModeOf(bench) !== null;
}

function editing(bench: Bench): boolean {
  return editModeOf(bench) !== null;
}

/** The selected objects whose skeleton has a left and a right. */
function mirrorable(bench: Bench): readonly string[] {
  return bench.selection().filter((id) => {
    const annotation = bench.document().get(id);
    return annotation?.shape.type === "points" && bench.isFree(id) && (bench.skeleton(annotation.label)?.flip.length ?? 0) > 0;
  });
}

function mirror(bench: Bench): void {
  const ids = mirrorable(bench);
  bench.apply("Swapped left and right", (document) =>
    ids.reduce((all, id) => {
      const annotation = all.get(id);
      const skeleton = annotation && bench.skeleton(annotation.label);
      return annotation?.shape.type === "points" && skeleton ? setShape(all, id, mirrored(annotation.shape, skeleton)) : all;
    }, document),
  );
}

function act(command: string): (bench: Bench) => void {
  return (bench) => void bench.alive.act?.(command);
}

export const pointsCommands: readonly ShapeCommand[] = [
  { id: "points-hidden", title: "Point: hidden or visible; while placing, the next one hidden", keys: ["H"], when: (bench) => placing(bench) || editing(bench), run: act("hidden") },
  { id: "points-absent", title: "Point: not there", keys: ["Q"], when: (bench) => guided(bench) || editing(bench), run: act("absent") },
  { id: "points-fill", title: "Points: place the rest by the template", keys: ["Y"], when: guided, run: act("fill") },
  { id: "points-gather", title: "Points: gather the next clicks in one object", keys: ["G"], when: (bench) => placing(bench) && !guided(bench), run: act("gather") },
  { id: "points-remove", title: "Points: click to take them away", keys: ["R"], when: editing, run: act("remove") },
  { id: "points-add", title: "Points: click to put missing ones back, or new ones", keys: ["K"], when: editing, run: act("add") },
  { id: "points-mirror", title: "Points: swap left and right", keys: ["Shift+F"], when: (bench) => mirrorable(bench).length > 0, run: mirror },
];
