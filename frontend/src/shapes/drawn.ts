import { svgPath } from "../core/geometry";
import type { Point, Shape } from "../core/types";
import { kindOf } from "./kinds";

export interface Drawn {
  readonly lines: readonly (readonly Point[])[];
  readonly dots: readonly Point[];
}

/** A shape as a still picture shows it: the edges of what it covers, or its lines, and its points. */
export function drawnOf(shape: Shape): Drawn {
  const kind = kindOf(shape);
  const { lines, dots } = kind.outline(shape);
  return { lines: kind.parts ? kind.parts(shape).flat() : lines, dots };
}

/** The same as one path of an SVG picture: a point as a ring around it. */
export function drawnPath(shape: Shape, radius: number): string {
  const { lines, dots } = drawnOf(shape);
  const rings = dots.map(([x, y]) => `M${x - radius},${y}a${radius},${radius} 0 1,0 ${2 * radius},0a${radius},${radius} 0 1,0 ${-2 * radius},0`);
  return svgPath(lines) + rings.join("");
}
