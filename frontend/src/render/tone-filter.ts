/** Brightness, contrast and gamma of the picture layer: a filter of the browser, so that nothing is loaded or drawn again. */
import { isPlainTone, toneTable, type Tone } from "../core/tone";

const SVG = "http://www.w3.org/2000/svg";
/** The style sheet applies this property to the layer that has the class. */
const PROPERTY = "--winnow-tone";
export const PICTURE_CLASS = "winnow-picture";

let count = 0;

export class ToneFilter {
  private readonly svg = document.createElementNS(SVG, "svg");
  private readonly channels: readonly SVGElement[];
  private readonly id = `winnow-tone-${(count += 1)}`;

  constructor(private readonly viewport: HTMLElement) {
    const filter = document.createElementNS(SVG, "filter");
    filter.id = this.id;
    // Straight on the values as they are stored: a person turns what the eye sees, not amounts of light.
    filter.setAttribute("color-interpolation-filters", "sRGB");
    filter.setAttribute("x", "0");
    filter.setAttribute("y", "0");
    filter.setAttribute("width", "1");
    filter.setAttribute("height", "1");
    const transfer = document.createElementNS(SVG, "feComponentTransfer");
    this.channels = ["feFuncR", "feFuncG", "feFuncB"].map((name) => document.createElementNS(SVG, name));
    for (const channel of this.channels) channel.setAttribute("type", "table");
    transfer.append(...this.channels);
    filter.append(transfer);
    this.svg.setAttribute("width", "0");
    this.svg.setAttribute("height", "0");
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.style.position = "absolute";
    this.svg.append(filter);
    document.body.append(this.svg);
  }

  set(tone: Tone): void {
    const values = toneTable(tone).join(" ");
    for (const channel of this.channels) channel.setAttribute("tableValues", values);
    if (isPlainTone(tone)) this.viewport.style.removeProperty(PROPERTY);
    else this.viewport.style.setProperty(PROPERTY, `url("#${this.id}")`);
  }

  dispose(): void {
    this.svg.remove();
  }
}
