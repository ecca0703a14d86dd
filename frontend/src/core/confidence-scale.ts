/**
 * Colours of confidence: yellow where a model is unsure, over orange to blue where it is sure. The lightness falls all the
 * way, so the order is the same for every kind of colour blindness and without colours at all.
 */
type Rgb = readonly [red: number, green: number, blue: number];

/** From confidence 0 to 1; yellow, orange and blue are those of Okabe and Ito (2008). */
const ANCHORS: readonly Rgb[] = [[240, 228, 66], [230, 159, 0], [0, 114, 178]];
/** Steps, so that ten thousand shapes share a handful of styles. */
const STEPS = 20;

/** Without a confidence: gray, which the scale does not have. */
export const NO_CONFIDENCE = "#b8bdbb";

export function confidenceColor(confidence: number | null): string {
  return confidence === null ? NO_CONFIDENCE : hex(mixed(Math.round(Math.min(1, Math.max(0, confidence)) * STEPS) / STEPS));
}

/** The scale from 0 to 1, as a background of a page. */
export const CONFIDENCE_GRADIENT = `linear-gradient(to right, ${ANCHORS.map(hex).join(", ")})`;

function mixed(share: number): Rgb {
  const place = share * (ANCHORS.length - 1);
  const at = Math.min(ANCHORS.length - 2, Math.floor(place));
  const [from, to] = [ANCHORS[at] ?? [0, 0, 0], ANCHORS[at + 1] ?? [0, 0, 0]];
  const channel = (index: 0 | 1 | 2): number => Math.round(from[index] + (to[index] - from[index]) * (place - at));
  return [channel(0), channel(1), channel(2)];
}

function hex(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
