/** What is done to polygons by a key or a button. A command that cannot be done says why. */
import type { AnnotationDocument } from "../../core/document";
import type { Bench } from "../../core/bench";
import type { ShapeCommand } from "../../core/kinds";
import { boundsOf } from "../../core/geometry";
import { PathMode } from "../../modes/path/path-mode";
import { fillHoles, gather, intersect, isPolygon, join, polygonsAmong, separateParts, simplify, subtract, type PolygonAnnotation } from "./actions";
import { rings } from "./geometry";
import { PolygonMode, type Purpose } from "./mode";
import { TOLERANCE_PX } from "./settings";

export interface PolygonCommand extends ShapeCommand {
  readonly short: string;
  /** Why it cannot be done now; null when it can. */
  readonly blocked: (bench: Bench) => string | null;
}

function selected(bench: Bench): PolygonAnnotation[] {
  return polygonsAmong(bench.document(), bench.selection()).filter(({ id }) => bench.isFree(id));
}

/** Counts only what is a polygon and not locked. */
function needs(least: number, most = Infinity): (bench: Bench) => string | null {
  return (bench) => {
    const all = bench.selection().length;
    const count = selected(bench).length;
    if (count < all && count < least) return "Only polygons that are not locked can do this.";
    if (count < least) return least === 1 ? "Select a polygon first." : "Select at least two polygons: click one, then Shift and click the others.";
    return count > most ? "Select one polygon only." : null;
  };
}

type Facts = Pick<PolygonCommand, "id" | "title" | "short" | "keys" | "blocked" | "run">;

function command(facts: Facts): PolygonCommand {
  return { ...facts, when: (bench) => facts.blocked(bench) === null };
}

/** An operation on the selected polygons; what is left of them stays selected. */
function operation(facts: Omit<Facts, "run"> & { readonly done: string; readonly act: (document: AnnotationDocument, ids: readonly string[], bench: Bench) => AnnotationDocument; readonly nothing: string }): PolygonCommand {
  const run = (bench: Bench): void => {
    const before = bench.document();
    const ids = selected(bench).map(({ id }) => id);
    const after = facts.act(before, ids, bench);
    if (after === before) {
      bench.say(facts.nothing);
      return;
    }
    bench.apply(facts.done, () => after);
    bench.select([...ids.filter((id) => after.has(id)), ...[...after.keys()].filter((id) => !before.has(id))]);
  };
  return command({ ...facts, run });
}

/** Draw something for the selected polygon and come back. */
function drawFor(bench: Bench, purpose: Purpose): void {
  const { alive } = bench;
  if (alive instanceof PolygonMode && purpose !== "split" && alive.act(purpose)) return;
  const back = alive instanceof PathMode ? null : alive.name;
  const ids = selected(bench).map(({ id }) => id);
  bench.setMode("draw-polygon");
  if (bench.alive instanceof PolygonMode) bench.alive.begin(purpose, ids, back);
}

/** A polygon that is just being drawn counts too: it is closed first. */
function oneOrGrowing(bench: Bench): string | null {
  return bench.alive instanceof PolygonMode && bench.alive.begun ? null : needs(1, 1)(bench);
}

function hasHoles(bench: Bench): string | null {
  return needs(1)(bench) ?? (selected(bench).some(({ shape }) => shape.polygons.some((part) => part.length > 1)) ? null : "The selection has no hole.");
}

function hasParts(bench: Bench): string | null {
  return needs(1)(bench) ?? (selected(bench).some(({ shape }) => shape.polygons.length > 1) ? null : "The selection has one part only.");
}

/** Other polygons whose bounds meet the selected ones. */
export function neighboursOf(bench: Bench, polygons: readonly PolygonAnnotation[]): PolygonAnnotation[] {
  const mine = new Set(polygons.map(({ id }) => id));
  const near = polygons.flatMap(({ shape }) => {
    const bounds = boundsOf(rings(shape).flat());
    return bounds ? bench.near(bounds) : [];
  });
  return [...new Set(near)].filter(isPolygon).filter(({ id }) => !mine.has(id));
}

export const DRAWING: readonly PolygonCommand[] = [
  command({ id: "polygon-part", title: "New part of the same object", short: "Part", keys: ["G"], blocked: oneOrGrowing, run: (bench) => drawFor(bench, "part") }),
  command({ id: "polygon-hole", title: "Hole in the object", short: "Hole", keys: ["H"], blocked: oneOrGrowing, run: (bench) => drawFor(bench, "hole") }),
  command({ id: "polygon-split", title: "Cut the object along a line", short: "Cut", keys: ["C"], blocked: needs(1), run: (bench) => drawFor(bench, "split") }),
];

export const OPERATIONS: readonly PolygonCommand[] = [
  operation({
    id: "polygon-join", title: "Join the selected polygons into the first", short: "Join", keys: ["J"], blocked: needs(2),
    done: "Joined objects", nothing: "There is nothing to join.", act: join,
  }),
  operation({
    id: "polygon-subtract", title: "Subtract the polygon selected last from the others", short: "Subtract", keys: ["Shift+J"], blocked: needs(2),
    done: "Subtracted an object", nothing: "They do not overlap.", act: (document, ids) => subtract(document, ids.slice(0, -1), ids.slice(-1)),
  }),
  operation({
    id: "polygon-intersect", title: "Keep only what all the selected polygons cover", short: "Intersect", keys: ["Alt+J"], blocked: needs(2),
    done: "Intersected objects", nothing: "They do not overlap.", act: intersect,
  }),
  operation({
    id: "polygon-neighbours", title: "Subtract the neighbours from the selection", short: "Clip", keys: ["Shift+C"], blocked: needs(1),
    done: "Subtracted the neighbours", nothing: "No neighbour overlaps the selection.",
    act: (document, ids, bench) => subtract(document, ids, neighboursOf(bench, polygonsAmong(document, ids)).map(({ id }) => id)),
  }),
  operation({
    id: "polygon-gather", title: "Make the selected polygons parts of the first", short: "Gather", keys: ["Shift+G"], blocked: needs(2),
    done: "Gathered parts", nothing: "There is nothing to gather.", act: gather,
  }),
  operation({
    id: "polygon-separate", title: "Make an object of each part", short: "Separate", keys: ["Alt+G"], blocked: hasParts,
    done: "Separated parts", nothing: "There is one part only.", act: (document, ids, bench) => separateParts(document, ids, () => bench.freshId()),
  }),
  operation({
    id: "polygon-fill", title: "Fill the holes of the selection", short: "Fill holes", keys: ["Alt+H"], blocked: hasHoles,
    done: "Filled holes", nothing: "There is no hole.", act: fillHoles,
  }),
];

export const SIMPLIFY: PolygonCommand = operation({
  id: "polygon-simplify", title: "Simplify the selection", short: "Simplify", keys: ["Alt+S"], blocked: needs(1),
  done: "Simplified", nothing: "Every vertex is needed at this tolerance.", act: (document, ids, bench) => simplify(document, ids, bench.settings.get(TOLERANCE_PX)),
});

export const polygonCommands: readonly PolygonCommand[] = [...DRAWING, ...OPERATIONS, SIMPLIFY];
