/** The handles of the one selected annotation. */
import type { Bench } from "../core/bench";
import { distance } from "../core/geometry";
import type { Handle } from "../core/kinds";
import type { Annotation, Point } from "../core/types";
import { kindOf } from "../shapes/kinds";

export function onlySelected(bench: Bench): Annotation | null {
  const [id, ...others] = bench.selection();
  return id !== undefined && others.length === 0 ? (bench.document().get(id) ?? null) : null;
}

export function handlesOf(annotation: Annotation, reach?: number): readonly Handle[] {
  return kindOf(annotation.shape).editor?.handles(annotation.shape, reach) ?? [];
}

/** The handle within reach that is nearest. */
export function handleAt(handles: readonly Handle[], at: Point, reach: number): Handle | null {
  let best: Handle | null = null;
  let nearest = reach;
  for (const handle of handles) {
    const away = distance(handle.at, at);
    if (away <= nearest) [best, nearest] = [handle, away];
  }
  return best;
}

/** The same, by the index of the annotation's kind where it has one. */
export function handleOn({ shape }: Annotation, at: Point, reach: number): Handle | null {
  const editor = kindOf(shape).editor;
  if (!editor) return null;
  return editor.nearest ? editor.nearest(shape, at, reach) : handleAt(editor.handles(shape, reach), at, reach);
}
