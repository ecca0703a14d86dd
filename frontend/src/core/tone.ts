/** How light and how strong a picture is shown. It changes what the eye sees, never a value. */

export interface Tone {
  /** Added to every channel, -1 to 1. */
  readonly brightness: number;
  /** Steepness about the middle, 0 to 3; 1 leaves it. */
  readonly contrast: number;
  /** Above 1 lightens the middle and leaves black and white. */
  readonly gamma: number;
}

export const PLAIN_TONE: Tone = { brightness: 0, contrast: 1, gamma: 1 };

export function isPlainTone({ brightness, contrast, gamma }: Tone): boolean {
  return brightness === 0 && contrast === 1 && gamma === 1;
}

/** What a channel's value becomes, both 0 to 1: gamma, then contrast, then brightness. */
export function toned(value: number, { brightness, contrast, gamma }: Tone): number {
  const light = value ** (1 / gamma);
  return Math.min(1, Math.max(0, (light - 0.5) * contrast + 0.5 + brightness));
}

/** The same as a table of evenly spaced values, as filters take it. */
export function toneTable(tone: Tone, entries = 64): number[] {
  return Array.from({ length: entries }, (_, at) => Math.round(toned(at / (entries - 1), tone) * 1e4) / 1e4);
}
