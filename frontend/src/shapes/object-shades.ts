/** Which shade each object has: its own, unless a neighbour has one like it. */
import { difference, EMPTY_DOCUMENT, type AnnotationDocument } from "../core/document";
import { CLEARLY_APART, ownShade, shadeAmong, shadesApart } from "../core/shades";
import type { Annotation } from "../core/types";
import { HitIndex } from "./hit-index";
import { kindOf } from "./kinds";

/** Objects nearer than this lie side by side. */
const NEAR_PX = 6;

export class ObjectShades {
  private readonly index = new HitIndex();
  private readonly shades = new Map<string, number>();
  private document: AnnotationDocument = EMPTY_DOCUMENT;

  /** Bring the shades up to a document. Objects keep theirs; what is new, or was moved beside one that is like it, gets another. */
  sync(document: AnnotationDocument): void {
    const change = difference(this.document, document);
    this.document = document;
    this.index.sync(document);
    for (const id of change.delete) this.shades.delete(id);
    for (const annotation of change.upsert) {
      const neighbours = this.neighboursOf(annotation);
      const known = this.shades.get(annotation.id);
      if (known !== undefined && neighbours.every((other) => shadesApart(known, other) >= CLEARLY_APART)) continue;
      this.shades.set(annotation.id, shadeAmong(annotation.id, neighbours));
    }
  }

  of(id: string): number {
    return this.shades.get(id) ?? ownShade(id);
  }

  private neighboursOf({ id, shape }: Annotation): number[] {
    const bounds = kindOf(shape).bounds(shape);
    if (!bounds) return [];
    const near = this.index.within([bounds[0] - NEAR_PX, bounds[1] - NEAR_PX, bounds[2] + NEAR_PX, bounds[3] + NEAR_PX]);
    return near.flatMap((other) => (other.id === id ? [] : (this.shades.get(other.id) ?? [])));
  }
}
