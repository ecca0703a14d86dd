/** An R-tree over the annotations of a document, kept up as the document changes. */
import RBush, { type BBox } from "rbush";
import { kindOf } from "./kinds";
import { difference, EMPTY_DOCUMENT, type AnnotationDocument } from "../core/document";
import type { Annotation, Bounds, Point } from "../core/types";

interface Entry extends BBox {
  readonly id: string;
}

export class HitIndex {
  private readonly tree = new RBush<Entry>();
  private readonly entries = new Map<string, Entry>();
  private document: AnnotationDocument = EMPTY_DOCUMENT;

  /** Bring the index up to a document; costs as much as changed since the last one. */
  sync(document: AnnotationDocument): void {
    const fresh = this.document.size === 0;
    const change = difference(this.document, document);
    this.document = document;
    for (const id of [...change.delete, ...change.upsert.map((annotation) => annotation.id)]) this.drop(id);
    const entries = change.upsert.flatMap((annotation) => entryOf(annotation) ?? []);
    for (const entry of entries) this.entries.set(entry.id, entry);
    if (fresh) this.tree.load(entries);
    else for (const entry of entries) this.tree.insert(entry);
  }

  /** List the annotations at a point: what was put on top first, then the smallest, which is what a person aims at. */
  at(point: Point, reach: number): Annotation[] {
    const [x, y] = point;
    return this.tree
      .search({ minX: x - reach, minY: y - reach, maxX: x + reach, maxY: y + reach })
      .flatMap((entry) => this.document.get(entry.id) ?? [])
      .filter((annotation) => kindOf(annotation.shape).contains(annotation.shape, point, reach))
      .sort((a, b) => (b.z ?? 0) - (a.z ?? 0) || kindOf(a.shape).area(a.shape) - kindOf(b.shape).area(b.shape));
  }

  /** List the annotations whose bounds meet these. */
  within([minX, minY, maxX, maxY]: Bounds): Annotation[] {
    return this.tree.search({ minX, minY, maxX, maxY }).flatMap((entry) => this.document.get(entry.id) ?? []);
  }

  private drop(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.tree.remove(entry);
    this.entries.delete(id);
  }
}

function entryOf(annotation: Annotation): Entry | null {
  const bounds = kindOf(annotation.shape).bounds(annotation.shape);
  return bounds && { id: annotation.id, minX: bounds[0], minY: bounds[1], maxX: bounds[2], maxY: bounds[3] };
}
