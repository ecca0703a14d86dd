/** The other masks of the image, where two of them may not have the same pixel. */
import { remove, setShape } from "../../actions/annotations";
import type { Bench } from "../../core/bench";
import type { AnnotationDocument } from "../../core/document";
import { combine, emptyColumns, INTERSECT, isEmpty, SUBTRACT, UNION, type Columns } from "./columns";
import { columnsOf, maskOf } from "./geometry";
import { OVERLAP } from "./settings";
import type { MaskShape } from "./shape";

interface Mask {
  readonly id: string;
  readonly shape: MaskShape;
}

export class Others {
  private blocked: { readonly of: readonly MaskShape[]; readonly columns: Columns } | null = null;

  constructor(private readonly bench: Bench) {}

  /** The pixels that a mask may take: all of them, or those that no other has. What is locked is never touched. */
  leftFree(pixels: Columns, own: string | null): Columns {
    const rule = this.bench.settings.get(OVERLAP);
    if (rule === "share") return pixels;
    const blocking = this.masks(own).filter(({ id }) => rule === "keep" || !this.bench.isFree(id));
    return blocking.length === 0 ? pixels : combine(pixels, this.union(blocking), SUBTRACT);
  }

  /** Take pixels away from the masks that had them; one that loses all of them goes. */
  losing(pixels: Columns, own: string | null): (document: AnnotationDocument) => AnnotationDocument {
    if (this.bench.settings.get(OVERLAP) !== "take" || isEmpty(pixels)) return (document) => document;
    const losers = this.masks(own).filter(({ id, shape }) => this.bench.isFree(id) && !isEmpty(combine(columnsOf(shape), pixels, INTERSECT)));
    return (document) =>
      losers.reduce((next, { id, shape }) => {
        const rest = maskOf(combine(columnsOf(shape), pixels, SUBTRACT));
        return rest ? setShape(next, id, rest) : remove(next, [id]);
      }, document);
  }

  private masks(own: string | null): readonly Mask[] {
    return [...this.bench.document().values()].flatMap(({ id, shape }) => (shape.type === "mask" && id !== own ? [{ id, shape }] : []));
  }

  /** Fifty masks cost something to unite: it is done again only when one of them changed. */
  private union(masks: readonly Mask[]): Columns {
    const shapes = masks.map(({ shape }) => shape);
    const known = this.blocked;
    if (known && known.of.length === shapes.length && known.of.every((shape, at) => shape === shapes[at])) return known.columns;
    const { width, height } = this.bench.size;
    const columns = shapes.reduce((all, shape) => combine(all, columnsOf(shape), UNION), emptyColumns(width, height));
    this.blocked = { of: shapes, columns };
    return columns;
  }
}
