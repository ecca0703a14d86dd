/** Which pixels hang together. Neighbours share a side (4-connectivity), as when outlines are traced. */
import { bordersUpTo, columnAt, combine, combineStretches, hasPixel, inverted, isEmpty, NO_STRETCH, trimmed, UNION, type Columns, type Stretches } from "./columns";

/** Every stretch of a mask gets the number of its component. */
interface Labeled {
  /** Of each column of the mask's list: the number of its first stretch. */
  readonly firsts: readonly number[];
  readonly component: readonly number[];
  readonly count: number;
}

function find(parents: number[], at: number): number {
  let root = at;
  while (parents[root] !== root) root = parents[root] ?? root;
  for (let walk = at; walk !== root; ) [walk, parents[walk]] = [parents[walk] ?? root, root];
  return root;
}

function labeled({ list }: Columns): Labeled {
  const firsts: number[] = [];
  let total = 0;
  for (const stretches of list) {
    firsts.push(total);
    total += stretches.length / 2;
  }
  const parents = Array.from({ length: total }, (_, at) => at);
  for (let x = 1; x < list.length; x += 1) joinColumns(parents, list[x - 1] ?? NO_STRETCH, firsts[x - 1] ?? 0, list[x] ?? NO_STRETCH, firsts[x] ?? 0);
  const numbers = new Map<number, number>();
  const component = parents.map((_, at) => {
    const root = find(parents, at);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
  return { firsts, component, count: numbers.size };
}

function joinColumns(parents: number[], a: Stretches, firstA: number, b: Stretches, firstB: number): void {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [aFrom = 0, aTo = 0, bFrom = 0, bTo = 0] = [a[i], a[i + 1], b[j], b[j + 1]];
    if (aFrom < bTo && bFrom < aTo) {
      const [one, other] = [find(parents, firstA + i / 2), find(parents, firstB + j / 2)];
      if (one !== other) parents[other] = one;
    }
    if (aTo <= bTo) i += 2;
    else j += 2;
  }
}

/** The connected parts, in the order in which columns meet them. */
export function componentsOf(columns: Columns): Columns[] {
  const { firsts, component, count } = labeled(columns);
  const lists: number[][][] = Array.from({ length: count }, () => []);
  const lefts: number[] = [];
  columns.list.forEach((stretches, at) => {
    for (let k = 0; k < stretches.length; k += 2) {
      const number = component[(firsts[at] ?? 0) + k / 2] ?? 0;
      const left = (lefts[number] ??= at);
      const list = lists[number] ?? [];
      while (list.length <= at - left) list.push([]);
      list[at - left]?.push(stretches[k] ?? 0, stretches[k + 1] ?? 0);
    }
  });
  return lists.map((list, number) => ({ ...columns, left: columns.left + (lefts[number] ?? 0), list }));
}

interface Facts {
  area: number;
  /** It reaches the border of the image. */
  open: boolean;
}

/** Keep the components that pass; costs the same however many there are. */
function keptComponents(columns: Columns, { firsts, component, count }: Labeled, passes: (facts: Facts, number: number) => boolean): Columns {
  const { width, height, left } = columns;
  const facts = Array.from({ length: count }, (): Facts => ({ area: 0, open: false }));
  columns.list.forEach((stretches, at) => {
    const edge = left + at === 0 || left + at === width - 1;
    for (let k = 0; k < stretches.length; k += 2) {
      const [from = 0, to = 0] = [stretches[k], stretches[k + 1]];
      const fact = facts[component[(firsts[at] ?? 0) + k / 2] ?? 0];
      if (!fact) continue;
      fact.area += to - from;
      fact.open ||= edge || from === 0 || to === height;
    }
  });
  const keeps = facts.map(passes);
  const list = columns.list.map((stretches, at) => stretches.filter((_, k) => keeps[component[(firsts[at] ?? 0) + (k >> 1)] ?? 0]));
  return trimmed({ ...columns, list });
}

function numberAt({ left, list }: Columns, { firsts, component }: Labeled, x: number, y: number): number {
  const borders = bordersUpTo(list[x - left] ?? NO_STRETCH, y);
  return borders % 2 === 1 ? (component[(firsts[x - left] ?? 0) + (borders - 1) / 2] ?? -1) : -1;
}

/** The number of the component that a pixel belongs to; -1 for a pixel outside. */
export function componentLookup(columns: Columns): (x: number, y: number) => number {
  const labels = labeled(columns);
  return (x, y) => numberAt(columns, labels, x, y);
}

export type Fill = { readonly kind: "filled"; readonly pixels: Columns } | { readonly kind: "painted" } | { readonly kind: "leaks" };

/** The area around a pixel that the mask encloses; "leaks" when it reaches the border of the image. */
export function enclosedAt(columns: Columns, x: number, y: number): Fill {
  if (hasPixel(columns, x, y)) return { kind: "painted" };
  const free = inverted(columns);
  const labels = labeled(free);
  const wanted = numberAt(free, labels, x, y);
  const pixels = keptComponents(free, labels, ({ open }, number) => number === wanted && !open);
  return isEmpty(pixels) ? { kind: "leaks" } : { kind: "filled", pixels };
}

/** Close everything that is enclosed. */
export function withoutHoles(columns: Columns): Columns {
  const free = inverted(columns);
  return combine(columns, keptComponents(free, labeled(free), ({ open }) => !open), UNION);
}

/** Drop connected parts of fewer pixels than `least`. */
export function withoutIslands(columns: Columns, least: number): Columns {
  return keptComponents(columns, labeled(columns), ({ area }) => area >= least);
}

/** Neighbours that a pixel grows into: four, or eight with those at its corners. */
export type Neighbours = 4 | 8;

function stretched(stretches: Stretches, height: number): Stretches {
  const result: number[] = [];
  for (let k = 0; k < stretches.length; k += 2) {
    const [from, to] = [Math.max(0, (stretches[k] ?? 0) - 1), Math.min(height, (stretches[k + 1] ?? 0) + 1)];
    if (result.length > 0 && (result.at(-1) ?? 0) >= from) result[result.length - 1] = to;
    else result.push(from, to);
  }
  return result;
}

/** Grow by one pixel to all sides. */
export function grown(columns: Columns, neighbours: Neighbours = 4): Columns {
  const { width, height } = columns;
  const left = Math.max(0, columns.left - 1);
  const right = Math.min(width, columns.left + columns.list.length + 1);
  const tall = columns.list.map((stretches) => stretched(stretches, height));
  const beside: Columns = neighbours === 8 ? { ...columns, list: tall } : columns;
  const list = Array.from({ length: Math.max(0, right - left) }, (_, at) => {
    const x = left + at;
    const sides = combineStretches(columnAt(beside, x - 1), columnAt(beside, x + 1), UNION);
    return combineStretches(columnAt({ ...columns, list: tall }, x), sides, UNION);
  });
  return { width, height, left, list };
}

/** Shrink by one pixel from all sides, but not away from the border of the image: nobody knows what lies beyond it. */
export function shrunk(columns: Columns, neighbours: Neighbours = 4): Columns {
  return trimmed(inverted(grown(inverted(columns), neighbours)));
}

/** Take off what is thinner than the brush of a few pixels, and close gaps as thin. */
export function smoothed(columns: Columns): Columns {
  const closed = shrunk(shrunk(grown(grown(columns, 4), 8), 8), 4);
  return trimmed(grown(grown(shrunk(shrunk(closed, 4), 8), 8), 4));
}
