/** Drags that change annotations: shown while they last, put on the history when they end. */
import { moved } from "../actions/annotations";
import { setVertex } from "../actions/vertices";
import type { Bench } from "../core/bench";
import type { Annotation, Point } from "../core/types";
import { withAnnotations } from "../core/document";

export interface Drag {
  to(at: Point): void;
  end(): void;
  cancel(): void;
}

class PreviewedDrag implements Drag {
  private now: readonly Annotation[] = [];

  constructor(
    private readonly bench: Bench,
    private readonly title: string,
    private readonly changed: (at: Point) => readonly Annotation[],
  ) {}

  to(at: Point): void {
    this.now = this.changed(at);
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
  return new PreviewedDrag(bench, "Reshaped an object", (at) => {
    const annotation = setVertex(document, id, key, at, bench.size).get(id);
    return annotation ? [annotation] : [];
  });
}
