/** Select, move, and drag the handles of shapes that show them. A drag on anything not selected pans. */
import type { Bench } from "../core/bench";
import type { Handle } from "../core/kinds";
import { NOTHING, toggled } from "../core/selection";
import { kindOf } from "../shapes/kinds";
import { handleDrag, moveDrag, type Drag } from "./drag";
import { handleAt, handlesOf, onlySelected } from "./handles";
import type { KeyPress, Mode, PointerInput } from "../core/mode";

export class SelectMode implements Mode {
  readonly name = "select";
  private dragging: Drag | null = null;
  private hoveredHandle: Handle | null = null;
  private reach: number | undefined;

  constructor(private readonly bench: Bench) {}

  press(input: PointerInput): boolean {
    this.reach = input.reach;
    const only = onlySelected(this.bench);
    const handle = this.handleUnder(input);
    if (only && handle) this.dragging = handleDrag(this.bench, only.id, handle.key);
    else if (!input.shift && this.selectedUnder(input)) this.dragging = moveDrag(this.bench, input.at);
    return this.dragging !== null;
  }

  drag(input: PointerInput): void {
    this.dragging?.to(input.at, input.shift);
    this.refresh();
  }

  release(): void {
    this.dragging?.end();
    this.dragging = null;
    this.refresh();
  }

  move(input: PointerInput): void {
    this.reach = input.reach;
    this.hoveredHandle = this.handleUnder(input);
    this.bench.hover(this.hoveredHandle ? null : (this.bench.hits(input.at, input.reach)[0] ?? null));
    this.refresh();
  }

  click(input: PointerInput): void {
    const hits = this.bench.hits(input.at, input.reach);
    const selection = this.bench.selection();
    if (input.shift && hits[0] !== undefined) this.bench.select(toggled(selection, hits[0]));
    else if (!input.shift) this.bench.select(this.nextUnder(hits, selection, input));
  }

  doubleClick(input: PointerInput): void {
    const id = this.bench.hits(input.at, input.reach)[0];
    const annotation = id === undefined ? undefined : this.bench.document().get(id);
    if (!annotation || !kindOf(annotation.shape).editor) return;
    this.bench.select([annotation.id]);
    this.bench.setMode("edit");
  }

  key(press: KeyPress): boolean {
    if (press.key !== "Escape") return false;
    if (this.dragging) {
      this.dragging.cancel();
      this.dragging = null;
      return true;
    }
    const had = this.bench.selection().length > 0;
    this.bench.select(NOTHING);
    return had;
  }

  refresh(): void {
    const handles = this.dragging ? [] : this.handles();
    const cursor = this.hoveredHandle?.cursor ?? (this.dragging ? "grabbing" : "default");
    this.bench.overlay({ sketch: null, handles, activeHandle: this.hoveredHandle?.key ?? null, cursor });
  }

  leave(): void {
    this.dragging?.cancel();
    this.dragging = null;
    this.bench.hover(null);
  }

  /** Alt and click go down through what lies under the pointer; a plain click takes the topmost. */
  private nextUnder(hits: readonly string[], selection: readonly string[], input: PointerInput): readonly string[] {
    const current = hits.findIndex((id) => selection.includes(id));
    const id = input.alt && current !== -1 ? hits[(current + 1) % hits.length] : hits[0];
    return id === undefined ? NOTHING : [id];
  }

  private handles(): readonly Handle[] {
    const only = onlySelected(this.bench);
    return only && kindOf(only.shape).editor?.handlesOnSelect ? handlesOf(only, this.reach) : [];
  }

  private handleUnder(input: PointerInput): Handle | null {
    return handleAt(this.handles(), input.at, input.reach);
  }

  private selectedUnder(input: PointerInput): boolean {
    const selection = this.bench.selection();
    return this.bench.hits(input.at, input.reach).some((id) => selection.includes(id) && this.isMovable(id));
  }

  private isMovable(id: string): boolean {
    const annotation = this.bench.document().get(id);
    return annotation !== undefined && kindOf(annotation.shape).move !== undefined;
  }
}
