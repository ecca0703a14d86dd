/** A shade of a label's colour for each of its objects, so that those which touch are told apart: things, seen one by one. */

type Hsl = readonly [hue: number, saturation: number, lightness: number];

function toHsl(color: string): Hsl {
  const value = Number.parseInt(color.slice(1), 16);
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255].map((channel) => channel / 255) as [number, number, number];
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [lightness, spread] = [(high + low) / 2, high - low];
  if (spread === 0) return [0, 0, lightness];
  const sixth = high === red ? (green - blue) / spread : high === green ? 2 + (blue - red) / spread : 4 + (red - green) / spread;
  return [(sixth * 60 + 360) % 360, spread / (1 - Math.abs(2 * lightness - 1)), lightness];
}

function toHex([hue, saturation, lightness]: Hsl): string {
  const channel = (n: number): string => {
    const k = (n + hue / 30) % 12;
    const value = lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** Spread ids over 0 to 1: FNV-1a, and MurmurHash3's last step, so that ids that differ in one letter lie far apart. */
function spread(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const LIGHTNESS = [0.34, 0.46, 0.58, 0.7, 0.8] as const;
const HUE_STEP_DEGREES = 14;
const TURNS = 3;
/** How many shades a colour has. */
export const SHADES = LIGHTNESS.length * TURNS;
/** Shades at least so far apart are told apart by everybody. */
export const CLEARLY_APART = 1;

/** How well two shades are told apart: by steps of lightness, which every eye sees, and a little by hue. */
export function shadesApart(a: number, b: number): number {
  const steps = Math.abs(Math.floor(a / TURNS) - Math.floor(b / TURNS));
  return a % TURNS === b % TURNS ? steps : steps + 0.4;
}

/** The shade that an object has by itself: the same each time for its id. */
export function ownShade(id: string): number {
  return Math.floor(spread(id) * SHADES);
}

/** The object's own shade, or where that is too like a neighbour's the one that is told apart best from all of theirs. */
export function shadeAmong(id: string, neighbours: readonly number[]): number {
  const apart = (shade: number): number => Math.min(...neighbours.map((other) => shadesApart(shade, other)));
  let best = ownShade(id);
  if (apart(best) >= CLEARLY_APART) return best;
  for (let by = 1; by < SHADES; by += 1) {
    const shade = (ownShade(id) + by * 7) % SHADES;
    if (apart(shade) > apart(best)) best = shade;
  }
  return best;
}

/** A shade of a colour. */
export function shadeOf(color: string, shade: number): string {
  const [hue, saturation] = toHsl(color);
  const turn = (shade % TURNS) - 1;
  return toHex([(hue + turn * HUE_STEP_DEGREES + 360) % 360, Math.max(saturation, 0.35), LIGHTNESS[Math.floor(shade / TURNS)] ?? 0.5]);
}
