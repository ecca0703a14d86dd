/** Edit one shape by its vertices: drag them, press on an edge to add one, Delete takes the marked one away. */
import { deleteVertex, insertVertex } from "../actions/vertices";
import type { Bench } from "../core/bench";
import type { Handle } from "../core/kinds";
import { kindOf } from "../shapes/kinds";
import { handleDrag, type Drag } from "./drag";
import { handleAt, handlesOf, onlySelected } from "./handles";
import type { KeyPress, Mode, PointerInput } from "../core/mode";

export class EditMode implements Mode {
  readonly name = "edit";
  private dragging: Drag | null = null;
  private active: string | null = null;
  private cursor = "default";

  constructor(private readonly bench: Bench) {}

  press(input: PointerInput): boolean {
    const only = onlySelected(this.bench);
    if (!only) return false;
    const handle = handleAt(handlesOf(only), input.at, input.reach);
    if (handle && input.alt) this.removeVertex(handle.key);
    else if (handle) this.grab(only.id, handle.key);
    else this.insert(only.id, input);
    return handle !== null || this.dragging !== null;
  }

  drag(input: PointerInput): void {
    this.dragging?.to(input.at);
    this.refresh();
  }

  release(): void {
    this.dragging?.end();
    this.dragging = null;
    this.refresh();
  }

  move(input: PointerInput): void {
    const only = onlySelected(this.bench);
    const handle = only && handleAt(handlesOf(only), input.at, input.reach);
    if (handle) this.active = handle.key;
    this.cursor = handle?.cursor ?? (only && this.canInsert(only.id, input) ? "copy" : "default");
    this.bench.hover(handle ? null : (this.bench.hits(input.at, input.reach)[0] ?? null));
    this.refresh();
  }

  click(input: PointerInput): void {
    const only = onlySelected(this.bench);
    if (only && (handleAt(handlesOf(only), input.at, input.reach) || this.canInsert(only.id, input))) return;
    const hits = this.bench.hits(input.at, input.reach);
    if (only && hits.includes(only.id)) return;
    this.active = null;
    this.bench.select(hits.slice(0, 1));
    if (hits.length === 0) this.bench.setMode("select");
  }

  doubleClick(): void {
    // Both of its clicks have had their effect.
  }

  key(press: KeyPress): boolean {
    if (press.key === "Escape" || press.key === "Enter") {
      if (press.ctrl) return false;
      this.bench.setMode("select");
      return true;
    }
    if (press.key !== "Delete" && press.key !== "Backspace") return false;
    if (this.active !== null) this.removeVertex(this.active);
    return true;
  }

  refresh(): void {
    const only = onlySelected(this.bench);
    const handles: readonly Handle[] = only && !this.dragging ? handlesOf(only) : [];
    if (this.active !== null && !this.dragging && !handles.some((handle) => handle.key === this.active)) this.active = null;
    this.bench.overlay({ sketch: null, handles, activeHandle: this.active, cursor: this.cursor });
  }

  leave(): void {
    this.dragging?.cancel();
    this.dragging = null;
    this.bench.hover(null);
  }

  private grab(id: string, key: string): void {
    this.active = key;
    this.dragging = handleDrag(this.bench, id, key);
  }

  private insert(id: string, input: PointerInput): void {
    const made = insertVertex(this.bench.document(), id, input.at, input.reach);
    if (!made) return;
    this.bench.apply("Added a vertex", () => made.document);
    this.grab(id, made.key);
  }

  private canInsert(id: string, input: PointerInput): boolean {
    const annotation = this.bench.document().get(id);
    const insert = annotation && kindOf(annotation.shape).editor?.insert;
    return Boolean(annotation && insert?.(annotation.shape, input.at, input.reach));
  }

  private removeVertex(key: string): void {
    const only = onlySelected(this.bench);
    if (!only) return;
    this.active = null;
    this.bench.apply("Removed a vertex", (document) => deleteVertex(document, only.id, key));
    if (this.bench.selection().length === 0) this.bench.setMode("select");
  }
}
