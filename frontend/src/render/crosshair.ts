/** Two lines through the pointer from edge to edge. They are elements of the page: moving them draws no frame of the map. */

export class Crosshair {
  private readonly across = line("width: 100%; height: 1px; left: 0;");
  private readonly down = line("height: 100%; width: 1px; top: 0;");
  private on = false;

  constructor(viewport: HTMLElement) {
    viewport.append(this.across, this.down);
    viewport.addEventListener("pointermove", (event) => {
      if (!this.on || event.pointerType === "touch") return;
      const frame = viewport.getBoundingClientRect();
      this.across.style.transform = `translateY(${Math.round(event.clientY - frame.top)}px)`;
      this.down.style.transform = `translateX(${Math.round(event.clientX - frame.left)}px)`;
      this.show(true);
    });
    viewport.addEventListener("pointerleave", () => this.show(false));
  }

  set(on: boolean): void {
    this.on = on;
    if (!on) this.show(false);
  }

  private show(shown: boolean): void {
    for (const element of [this.across, this.down]) element.style.display = shown ? "block" : "none";
  }
}

function line(place: string): HTMLElement {
  const element = document.createElement("div");
  // White with a dark rim: seen on snow and on water.
  element.style.cssText = `position: absolute; ${place} display: none; pointer-events: none; z-index: 2; background: rgb(255 255 255 / 90%); box-shadow: 0 0 0 1px rgb(0 0 0 / 45%);`;
  element.className = "winnow-crosshair";
  return element;
}
