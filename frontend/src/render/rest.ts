/** Tell a view that it is being moved until it has rested: VectorImage layers wait that long before they draw anew. */
import type View from "ol/View.js";

const REST_MS = 300;

export class Rest {
  private held: View | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly view: () => View) {}

  /** The view moves, or will in a moment. */
  hold(): void {
    if (!this.held) {
      this.held = this.view();
      this.held.beginInteraction();
    }
    this.cancel();
    this.timer = setTimeout(() => this.end(), REST_MS);
  }

  end(): void {
    this.cancel();
    this.held?.endInteraction(0);
    this.held = null;
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
