/** Drags that change annotations: shown while they last, put on the history when they end. */
import { moved } from "../actions/annotations";
import { setVertex, shiftVertices } from "../actions/vertices";
import type { Bench } from "../core/bench";
import type { Setting } from "../core/tool-settings";
import type { Annotation, Point } from "../core/types";
import { withAnnotations } from "../core/document";

/** Corners keep the proportions of what they belong to, as Shift does for one drag. */
export const KEEP_PROPORTIONS: Setting<boolean> = { name: "drag.keep_proportions", initial: false };

export interface Drag {
  /** The annotations as they would be. */
  readonly now: readonly Annotation[];
  to(at: Point, constrain?: boolean): void;
  end(): void;
  cancel(): void;
}

class PreviewedDrag implements Drag {
  now: readonly Annotation[] = [];

  constructor(
    private readonly bench: Bench,
    private readonly title: string,
    private readonly changed: (at: Point, constrain: boolean) => readonly Annotation[],
  ) {}

  to(at: Point, constrain = false): void {
    this.now = this.changed(at, constrain);
    this.bench.preview(this.now);
  }

  end(): void {
    const changed = this.now;
    this.bench.preview([]);
    if (changed.length > 0) this.bench.apply(this.title, (document) => withAnnotations(document, changed));
  }

  cancel(): void {
    this.bench.preview([]);
  }
}

/** Move the selection from where it was grabbed. */
export function moveDrag(bench: Bench, from: Point): Drag {
  const grabbed = bench.selection().flatMap((id) => bench.document().get(id) ?? []);
  const title = grabbed.length > 1 ? `Moved ${grabbed.length} objects` : "Moved an object";
  return new PreviewedDrag(bench, title, (at) => grabbed.map((annotation) => moved(annotation, [at[0] - from[0], at[1] - from[1]], bench.size)));
}

/** Drag one handle of one annotation. */
export function handleDrag(bench: Bench, id: string, key: string): Drag {
  const document = bench.document();
  const proportions = bench.settings.get(KEEP_PROPORTIONS);
  return new PreviewedDrag(bench, "Reshaped an object", (at, constrain) => {
    const annotation = setVertex(document, id, key, at, bench.size, { constrain, proportions }).get(id);
    return annotation ? [annotation] : [];
  });
}

/** Drag several vertices of one annotation by one of them. */
export function verticesDrag(bench: Bench, id: string, keys: readonly string[], from: Point): Drag {
  const document = bench.document();
  return new PreviewedDrag(bench, `Moved ${keys.length} vertices`, (at) => {
    const annotation = shiftVertices(document, id, keys, [at[0] - from[0], at[1] - from[1]], bench.size).get(id);
    return annotation ? [annotation] : [];
  });
}
