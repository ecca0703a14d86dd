/** Where lines cross each other or themselves: shown while a person draws and drags, and kept from arising where geometry is made. */
import { segmentsCross } from "../geometry";
import type { Point } from "../types";
import { edgesOf } from "./edges";

export interface Crossing {
  readonly at: Point;
  readonly line: number;
  readonly edge: number;
  readonly otherLine: number;
  readonly otherEdge: number;
}

/** More than this need not be shown, and a scribble makes thousands. */
const ENOUGH = 40;

/** The point where the straight lines through two segments meet; null when they are parallel. */
export function meeting(a: Point, b: Point, c: Point, d: Point): Point | null {
  const [rx, ry, sx, sy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const across = rx * sy - ry * sx;
  if (across === 0) return null;
  const t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / across;
  return [a[0] + t * rx, a[1] + t * ry];
}

/** Find crossings of one edge with all lines. */
export function crossingsOfEdge(lines: readonly (readonly Point[])[], line: number, edge: number): Crossing[] {
  const [a, b] = [lines[line]?.[edge], lines[line]?.[edge + 1]];
  if (!a || !b) return [];
  const found: Crossing[] = [];
  const bounds = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])] as const;
  lines.forEach((points, otherLine) => {
    edgesOf(points).visit(bounds, (otherEdge, c, d) => {
      const at = segmentsCross(a, b, c, d) ? meeting(a, b, c, d) : null;
      if (at) found.push({ at, line, edge, otherLine, otherEdge });
    });
  });
  return found;
}

/** Find crossings of all lines with each other and with themselves, each once, and no more than are worth showing. */
export function crossingsOf(lines: readonly (readonly Point[])[], most = ENOUGH): Crossing[] {
  const found: Crossing[] = [];
  for (const [line, points] of lines.entries()) {
    for (let edge = 0; edge + 1 < points.length && found.length < most; edge += 1) {
      found.push(...crossingsOfEdge(lines, line, edge).filter((crossing) => crossing.otherLine > line || (crossing.otherLine === line && crossing.otherEdge > edge)));
    }
  }
  return found.slice(0, most);
}
