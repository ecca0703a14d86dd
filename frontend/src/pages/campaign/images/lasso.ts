/** A lasso around tiles: a rectangle, or a free loop that closes by itself. */
import { boxOf, type Box, indicesBetween, type Layout } from "./layout";

export type Place = readonly [x: number, y: number];

export function boxAround(places: readonly Place[]): Box {
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Even-odd rule; the loop's last place joins its first. */
export function isInside([x, y]: Place, loop: readonly Place[]): boolean {
  let inside = false;
  loop.forEach(([bx, by], at) => {
    const [ax, ay] = loop[(at + loop.length - 1) % loop.length] ?? [bx, by];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

function side([ax, ay]: Place, [bx, by]: Place, [cx, cy]: Place): number {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

function cross(a: Place, b: Place, c: Place, d: Place): boolean {
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

function cornersOf({ left, top, right, bottom }: Box): Place[] {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** Whether a loop catches a tile: by a corner of either within the other, or by edges that cross. */
export function catches(loop: readonly Place[], tile: Box): boolean {
  const corners = cornersOf(tile);
  if (corners.some((corner) => isInside(corner, loop))) return true;
  if (loop.some(([x, y]) => x > tile.left && x < tile.right && y > tile.top && y < tile.bottom)) return true;
  return loop.some((place, at) => {
    const before = loop[(at + loop.length - 1) % loop.length] ?? place;
    return corners.some((corner, n) => cross(before, place, corner, corners[(n + 1) % 4] ?? corner));
  });
}

export type Shape = "rectangle" | "loop";

/** The places in the list of the tiles that a lasso catches, in order. */
export function caught(shape: Shape, path: readonly Place[], count: number, layout: Layout): number[] {
  if (path.length < 2) return [];
  const around = boxAround(path);
  const { first, last } = indicesBetween(around.top, around.bottom, count, layout);
  const found: number[] = [];
  for (let index = first; index < last; index += 1) {
    const tile = boxOf(index, layout);
    if (overlaps(tile, around) && (shape === "rectangle" || catches(path, tile))) found.push(index);
  }
  return found;
}
