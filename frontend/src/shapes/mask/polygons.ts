/**
 * From polygons to pixels and back, on the corner grid: the very pixels and outlines that the server's rasterize and
 * shapes (GDAL, 4-connectivity) make.
 */
import type { Part, Point, Ring, Size } from "../../core/types";
import { ringArea } from "../../core/geometry";
import { columnAt, combine, combineStretches, emptyColumns, NO_STRETCH, SUBTRACT, trimmed, UNION, type Columns } from "./columns";
import { componentLookup } from "./connect";

/** The pixels whose centres lie inside polygons; parts are united, holes stay empty. */
export function fillPolygons(parts: readonly Part[], size: Size): Columns {
  return trimmed(parts.reduce((all, part) => combine(all, fillPart(part, size), UNION), emptyColumns(size.width, size.height)));
}

type Span = readonly [from: number, to: number];

/** One part by the even-odd rule, row by row through the centres, as GDAL's polygon fill does it. */
function fillPart(part: Part, { width, height }: Size): Columns {
  const crossings = new Map<number, number[]>();
  const list: number[][] = Array.from({ length: width }, () => []);
  const flat = new Map<number, Span[]>();
  for (const ring of part.map(directed)) for (let at = 0; at + 1 < ring.length; at += 1) noteEdge(ring[at], ring[at + 1], height, crossings, flat);
  const rows = [...new Set([...crossings.keys(), ...flat.keys()])].sort((a, b) => a - b);
  for (const row of rows) {
    const xs = (crossings.get(row) ?? []).sort((a, b) => a - b);
    const spans = Array.from({ length: xs.length >> 1 }, (_, k): Span => [xs[2 * k] ?? 0, xs[2 * k + 1] ?? 0]);
    for (const [from, to] of [...spans, ...(flat.get(row) ?? [])]) {
      for (let x = Math.max(0, from); x < Math.min(width, to); x += 1) paintRow(list[x], row);
    }
  }
  return { width, height, left: 0, list };
}

function paintRow(column: number[] | undefined, row: number): void {
  if (!column) return;
  const last = column.at(-1);
  if (last === row) column[column.length - 1] = row + 1;
  else if (last === undefined || last < row) column.push(row, row + 1);
}

/** GDAL turns every ring one way first, judged at its topmost, rightmost corner; it matters for edges that lie on the centres of a row. */
function directed(ring: Ring): Ring {
  const open = ring.slice(0, -1);
  let top = 0;
  open.forEach(([x, y], at) => {
    const [bestX, bestY] = open[top] ?? [x, y];
    if (y < bestY || (y === bestY && x > bestX)) top = at;
  });
  const [here, before, after] = [open[top], open[(top + open.length - 1) % open.length], open[(top + 1) % open.length]];
  if (!here || !before || !after) return ring;
  const turn = (after[0] - here[0]) * (before[1] - here[1]) - (before[0] - here[0]) * (after[1] - here[1]);
  return turn > 0 || (turn === 0 && ringArea(ring) > 0) ? [...ring].reverse() : ring;
}

/** Where an edge crosses the centres of rows. An edge that lies on such a centre and runs to the left counts as inside, one that runs to the right does not. */
function noteEdge(a: Point | undefined, b: Point | undefined, height: number, crossings: Map<number, number[]>, flat: Map<number, Span[]>): void {
  if (!a || !b) return;
  if (a[1] === b[1]) {
    const row = a[1] - 0.5;
    if (Number.isInteger(row) && row >= 0 && row < height && a[0] > b[0]) flat.set(row, [...(flat.get(row) ?? []), [Math.floor(b[0] + 0.5), Math.floor(a[0] + 0.5)]]);
    return;
  }
  const [[x1, y1], [x2, y2]] = a[1] < b[1] ? [a, b] : [b, a];
  const last = Math.min(height - 1, Math.ceil(y2 - 0.5) - 1);
  for (let row = Math.max(0, Math.ceil(y1 - 0.5)); row <= last; row += 1) {
    const crossing = ((row + 0.5 - y1) * (x2 - x1)) / (y2 - y1) + x1;
    const known = crossings.get(row);
    if (known) known.push(Math.floor(crossing + 0.5));
    else crossings.set(row, [Math.floor(crossing + 0.5)]);
  }
}

interface Edge {
  readonly from: Point;
  readonly to: Point;
  used: boolean;
}

/** Outlines of the 4-connected parts with their holes; following them fills exactly the same pixels. */
export function tracePolygons(columns: Columns): Part[] {
  const rings = loops(edgesOf(columns)).flatMap(simpleRings).map(withoutStraights);
  const lookup = componentLookup(columns);
  const parts = new Map<number, Ring[]>();
  // Shells turn clockwise on screen and come first in their part.
  const sorted = rings.map((ring) => ({ ring, area: ringArea(ring) })).sort((a, b) => Number(a.area < 0) - Number(b.area < 0));
  for (const { ring } of sorted) {
    const component = lookup(...pixelBeside(ring));
    const part = parts.get(component);
    if (part) part.push(ring);
    else parts.set(component, [ring]);
  }
  return [...parts.values()];
}

/** Every side between a pixel inside and one outside, so directed that the pixel inside is to its right. */
function edgesOf(columns: Columns): Map<string, Edge[]> {
  const edges = new Map<string, Edge[]>();
  const add = (from: Point, to: Point): void => {
    const known = edges.get(from.join());
    if (known) known.push({ from, to, used: false });
    else edges.set(from.join(), [{ from, to, used: false }]);
  };
  for (let x = columns.left; x <= columns.left + columns.list.length; x += 1) {
    const [here, before] = [columnAt(columns, x), x === columns.left ? NO_STRETCH : columnAt(columns, x - 1)];
    for (let k = 0; k < here.length; k += 2) {
      const [top = 0, bottom = 0] = [here[k], here[k + 1]];
      add([x, top], [x + 1, top]);
      add([x + 1, bottom], [x, bottom]);
    }
    const [begins, ends] = [combineStretches(here, before, SUBTRACT), combineStretches(before, here, SUBTRACT)];
    for (let k = 0; k < begins.length; k += 2) add([x, begins[k + 1] ?? 0], [x, begins[k] ?? 0]);
    for (let k = 0; k < ends.length; k += 2) add([x, ends[k] ?? 0], [x, ends[k + 1] ?? 0]);
  }
  return edges;
}

/** Follow the sides around; where two pixels meet only at a corner, turn right and stay with one's own pixel. */
function loops(edges: Map<string, Edge[]>): Point[][] {
  const found: Point[][] = [];
  for (const starting of edges.values()) {
    for (const start of starting) {
      if (start.used) continue;
      const loop: Point[] = [];
      for (let edge: Edge | undefined = start; edge && !edge.used; edge = following(edges, edge)) {
        edge.used = true;
        loop.push(edge.from);
      }
      found.push(loop);
    }
  }
  return found;
}

function following(edges: Map<string, Edge[]>, { from, to }: Edge): Edge | undefined {
  const open = (edges.get(to.join()) ?? []).filter((edge) => !edge.used);
  if (open.length < 2) return open[0];
  const [dx, dy] = [Math.sign(to[0] - from[0]), Math.sign(to[1] - from[1])];
  return open.find((edge) => Math.sign(edge.to[0] - to[0]) === -dy && Math.sign(edge.to[1] - to[1]) === dx) ?? open[0];
}

/** A loop that touches itself in a corner becomes rings that do not: an outline, and holes that touch it there. */
function simpleRings(loop: readonly Point[]): Point[][] {
  const rings: Point[][] = [];
  const path: Point[] = [];
  const seen = new Map<string, number>();
  for (const point of loop) {
    const before = seen.get(point.join());
    if (before !== undefined) {
      const ring = path.splice(before);
      for (const passed of ring) seen.delete(passed.join());
      rings.push(ring);
    }
    seen.set(point.join(), path.length);
    path.push(point);
  }
  return [...rings, path];
}

/** Keep the corners only, and close the ring. */
function withoutStraights(ring: readonly Point[]): Ring {
  const count = ring.length;
  const corners = ring.filter((point, at) => {
    const [before, after] = [ring[(at + count - 1) % count] ?? point, ring[(at + 1) % count] ?? point];
    return (before[0] === point[0]) !== (point[0] === after[0]);
  });
  return corners[0] ? [...corners, corners[0]] : [];
}

/** The pixel inside the mask to the right of a ring's first side. */
function pixelBeside(ring: Ring): readonly [number, number] {
  const [from, to] = [ring[0] ?? [0, 0], ring[1] ?? [0, 0]];
  if (to[0] > from[0]) return [from[0], from[1]];
  if (to[0] < from[0]) return [from[0] - 1, from[1] - 1];
  return to[1] < from[1] ? [from[0], from[1] - 1] : [from[0] - 1, from[1]];
}
