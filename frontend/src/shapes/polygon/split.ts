/** Cut a polygon with a drawn line: through parts and holes, once or many times; ends that hang inside cut nothing. */
import { ringArea, ringContains } from "../../core/geometry";
import type { Part, Point, Ring } from "../../core/types";
import { tidyParts } from "./clip";
import { Faces } from "./faces";
import { noded } from "./noding";

/** Turned so that the ground lies at the left: shells one way, holes the other. */
function oriented(ring: Ring, isShell: boolean): Ring {
  return ringArea(ring) > 0 === isShell ? ring : [...ring].reverse();
}

function covers([shell, ...holes]: readonly Ring[], at: Point): boolean {
  return shell !== undefined && ringContains(shell, at) && !holes.some((hole) => ringContains(hole, at));
}

/** The pieces of one part; the part itself when the line does not divide it. */
function piecesOf(part: Part, drawn: readonly Point[]): readonly Part[] {
  const { line, rings } = noded(drawn, part.map((ring, at) => oriented(ring, at === 0)));
  const faces = new Faces();
  for (const ring of rings) faces.addRing(ring);
  for (let at = 0; at + 1 < line.length; at += 1) {
    const [a, b] = [line[at], line[at + 1]];
    if (a && b && covers(rings, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])) faces.addCut(a, b);
  }
  const pieces = tidyParts(faces.parts());
  return pieces.length > 1 ? pieces : [part];
}

/** Cut every part; null when the line divides none of them. */
export function split(parts: readonly Part[], line: readonly Point[]): { readonly pieces: readonly Part[]; readonly whole: readonly Part[] } | null {
  const cut = parts.map((part) => piecesOf(part, line));
  if (cut.every((pieces) => pieces.length === 1)) return null;
  return { pieces: cut.filter((pieces) => pieces.length > 1).flat(), whole: cut.filter((pieces) => pieces.length === 1).flat() };
}
