/** What keys and buttons do to bitmaps: in the mode that paints, and to the masks that are selected. */
import type { AnnotationDocument } from "../../core/document";
import type { Bench } from "../../core/bench";
import type { ShapeCommand } from "../../core/kinds";
import type { ShapeType } from "../../core/types";
import { moduleOf } from "../kinds";
import { ACTS, brushOf, type Act } from "./brush-mode";
import { changePixels, masksAmong, merge, partsOf, split, subtract, toMasks, toPolygons } from "./actions";
import { grown, shrunk, smoothed, withoutHoles, withoutIslands } from "./connect";
import { ISLAND_PX } from "./settings";

export interface MaskCommand extends ShapeCommand {
  /** What stands on its button. */
  readonly short: string;
  /** Why it cannot be done in this campaign; null when it can. */
  readonly blocked?: (bench: Bench) => string | null;
}

const ACT_FACTS: Record<Act, readonly [key: string, short: string, title: string]> = {
  draw: ["E", "Draw", "Bitmap: draw"],
  erase: ["R", "Erase", "Bitmap: erase"],
  fill: ["G", "Fill", "Bitmap: fill inside a closed outline"],
  similar: ["T", "By colour", "Bitmap: paint what has the same colour"],
  wand: ["Shift+T", "Wand", "Bitmap: take an area of one colour"],
};

function paints(bench: Bench): boolean {
  return brushOf(bench) !== null;
}

function ofMode(id: string, short: string, title: string, keys: readonly string[], act: string): MaskCommand {
  return { id: `mask-${id}`, short, title, keys, when: paints, run: (bench) => void brushOf(bench)?.act(act) };
}

export const actCommands: readonly MaskCommand[] = ACTS.map((act) => {
  const [key, short, title] = ACT_FACTS[act];
  return ofMode(act, short, title, [key], act);
});

export const brushCommands: readonly MaskCommand[] = [
  ofMode("new", "New object", "Bitmap: begin the next object", ["Enter", "N"], "new"),
  ofMode("smaller", "Smaller", "Bitmap: smaller brush", ["["], "smaller"),
  ofMode("larger", "Larger", "Bitmap: larger brush", ["]"], "larger"),
  ofMode("form", "Round or square", "Bitmap: round or square brush", ["Shift+Q"], "form"),
];

/** Selected masks that nothing keeps from changing. */
function free(bench: Bench): readonly string[] {
  return masksAmong(bench.document(), bench.selection()).map(({ id }) => id).filter((id) => bench.isFree(id));
}

/** Why a shape cannot be made here; null when it can. */
function untaken(bench: Bench, type: ShapeType): string | null {
  return bench.takes(type) ? null : `This campaign takes no ${moduleOf(type).kind.title}s.`;
}

interface Operation {
  readonly id: string;
  readonly short: string;
  readonly title: string;
  readonly key: string;
  readonly done: string;
  /** Said when nothing changes. */
  readonly nothing: string;
  readonly least?: number;
  /** Why it cannot be done whatever is selected; its key says so. */
  readonly blocked?: (bench: Bench) => string | null;
  readonly act: (document: AnnotationDocument, ids: readonly string[], bench: Bench) => AnnotationDocument;
}

/** Do something to the selected masks; what they became stays selected. */
function operation({ id, short, title, key, done, nothing, least = 1, blocked = () => null, act }: Operation): MaskCommand {
  const run = (bench: Bench): void => {
    const why = blocked(bench);
    if (why !== null) return bench.say(why);
    const before = bench.document();
    const ids = free(bench);
    const after = act(before, ids, bench);
    if (after === before) return bench.say(nothing);
    bench.apply(done, () => after);
    bench.select([...ids, ...[...after.keys()].filter((made) => !before.has(made))].filter((kept) => after.has(kept)));
  };
  return { id: `mask-${id}`, short, title, keys: [key], when: (bench) => free(bench).length >= least, blocked, run };
}

export const maskCommands: readonly MaskCommand[] = [
  operation({ id: "grow", short: "Grow", title: "Bitmap: grow by a pixel", key: "Alt+=", done: "Grew a bitmap", nothing: "It fills the image already.", act: (document, ids) => changePixels(document, ids, (columns) => grown(columns)) }),
  operation({ id: "shrink", short: "Shrink", title: "Bitmap: shrink by a pixel", key: "Alt+-", done: "Shrank a bitmap", nothing: "Nothing to shrink.", act: (document, ids) => changePixels(document, ids, (columns) => shrunk(columns)) }),
  operation({ id: "smooth", short: "Smooth", title: "Bitmap: smooth its edge", key: "Alt+S", done: "Smoothed a bitmap", nothing: "Its edge is smooth already.", act: (document, ids) => changePixels(document, ids, smoothed) }),
  operation({ id: "holes", short: "Fill holes", title: "Bitmap: fill its holes", key: "Alt+H", done: "Filled the holes", nothing: "It has no holes.", act: (document, ids) => changePixels(document, ids, withoutHoles) }),
  operation({
    id: "islands", short: "Drop islands", title: "Bitmap: drop its small islands", key: "Alt+I", done: "Dropped small islands", nothing: "It has no island that small.",
    act: (document, ids, bench) => changePixels(document, ids, (columns) => withoutIslands(columns, bench.settings.get(ISLAND_PX))),
  }),
  operation({ id: "split", short: "Split parts", title: "Bitmap: make an object of every part", key: "Alt+G", done: "Split a bitmap", nothing: "It is in one piece.", act: (document, ids, bench) => split(document, ids, () => bench.freshId()) }),
  operation({ id: "merge", short: "Merge", title: "Bitmap: merge the selected", key: "J", done: "Merged bitmaps", nothing: "Select two bitmaps or more.", least: 2, act: merge }),
  operation({ id: "subtract", short: "Subtract", title: "Bitmap: take the others away from the first selected", key: "Shift+J", done: "Subtracted bitmaps", nothing: "They share no pixel.", least: 2, act: subtract }),
  operation({ id: "to-polygon", short: "To polygon", title: "Bitmap: make it a polygon", key: "Alt+P", done: "Made a bitmap a polygon", nothing: "Its outline has too many corners for a polygon; smooth it first.", blocked: (bench) => untaken(bench, "polygon"), act: toPolygons }),
];

function convertible(bench: Bench): readonly string[] {
  return bench.selection().filter((id) => {
    const shape = bench.document().get(id)?.shape;
    return shape !== undefined && shape.type !== "mask" && bench.isFree(id) && partsOf(shape).length > 0;
  });
}

export const toMaskCommand: ShapeCommand = {
  id: "mask-from-shape",
  title: "Make the selection a bitmap",
  keys: ["Alt+D"],
  when: (bench) => convertible(bench).length > 0,
  run(bench) {
    const why = untaken(bench, "mask");
    if (why !== null) return bench.say(why);
    const after = toMasks(bench.document(), convertible(bench), bench.size);
    if (after === bench.document()) bench.say("It is too small to cover the middle of any pixel.");
    else bench.apply("Made a bitmap", () => after);
  },
};

export const commands: readonly ShapeCommand[] = [...actCommands, ...brushCommands, ...maskCommands, toMaskCommand];
