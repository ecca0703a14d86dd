/** Turn and resize boxes by keys. */
import { setShape } from "../../actions/annotations";
import type { AnnotationDocument } from "../../core/document";
import type { Bench } from "../../core/bench";
import type { ShapeCommand } from "../../core/kinds";
import type { Annotation, Size } from "../../core/types";
import { resized, turnedTo } from "./geometry";
import type { BoxShape } from "./shape";

interface BoxAnnotation extends Annotation {
  readonly shape: BoxShape;
}

function isBox(annotation: Annotation | undefined): annotation is BoxAnnotation {
  return annotation?.shape.type === "box";
}

export function boxesAmong(document: AnnotationDocument, ids: readonly string[]): BoxAnnotation[] {
  return ids.map((id) => document.get(id)).filter(isBox);
}

function change(document: AnnotationDocument, ids: readonly string[], next: (box: BoxShape) => BoxShape): AnnotationDocument {
  return ids.reduce((all, id) => {
    const annotation = all.get(id);
    return isBox(annotation) ? setShape(all, id, next(annotation.shape)) : all;
  }, document);
}

export function turnBoxes(document: AnnotationDocument, ids: readonly string[], degrees: number, size: Size): AnnotationDocument {
  return change(document, ids, (box) => turnedTo(box, box.rotation + degrees, size));
}

export function resizeBoxes(document: AnnotationDocument, ids: readonly string[], dx: number, dy: number, size: Size): AnnotationDocument {
  return change(document, ids, (box) => resized(box, dx, dy, size));
}

function selected(bench: Bench): string[] {
  return boxesAmong(bench.document(), bench.selection()).map(({ id }) => id).filter((id) => bench.isFree(id));
}

const when = (bench: Bench): boolean => selected(bench).length > 0;

export interface TurnCommand extends ShapeCommand {
  readonly short: string;
  /** Why it cannot be done now; null when it can. */
  readonly blocked: (bench: Bench) => string | null;
}

function turn(degrees: number, keys: readonly string[]): TurnCommand {
  const way = degrees < 0 ? "left" : "right";
  const run = (bench: Bench): void => {
    const ids = selected(bench);
    bench.apply("Turned", (document) => turnBoxes(document, ids, degrees, bench.size), `turn ${ids.join()}`);
  };
  return { id: `box-turn-${way}-${Math.abs(degrees)}`, title: `Turn the box ${way} by ${Math.abs(degrees)}°`, short: `${degrees < 0 ? "↺" : "↻"} ${Math.abs(degrees)}°`, keys, when, run, blocked: (bench) => (when(bench) ? null : "Select a box first.") };
}

function resize(name: string, arrow: string, dx: number, dy: number): ShapeCommand[] {
  return [1, 10].map((step) => ({
    id: `box-${name}-${step}`,
    title: `Make the box ${name} by ${step === 1 ? "a pixel" : "10 pixels"}`,
    keys: [step === 1 ? `Alt+${arrow}` : `Shift+Alt+${arrow}`],
    when,
    run: (bench) => {
      const ids = selected(bench);
      bench.apply("Resized", (document) => resizeBoxes(document, ids, dx * step, dy * step, bench.size), `resize ${ids.join()}`);
    },
  }));
}

export const TURNS: readonly TurnCommand[] = [turn(-15, ["<", ";"]), turn(-1, [","]), turn(1, ["."]), turn(15, [">", ":"])];

export const boxCommands: readonly ShapeCommand[] = [
  ...TURNS,
  ...resize("wider", "ArrowRight", 1, 0),
  ...resize("narrower", "ArrowLeft", -1, 0),
  ...resize("taller", "ArrowDown", 0, 1),
  ...resize("lower", "ArrowUp", 0, -1),
];
