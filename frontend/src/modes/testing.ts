/** A hand for tests of modes: what the gestures of a pointer do to the mode that is alive. */
import type { KeyPress, PointerInput } from "@/core/mode";
import { documentOf } from "@/core/document";
import type { Annotation, Point, Size } from "@/core/types";
import { Session } from "./session";

export const SIZE: Size = { width: 400, height: 300 };

export function sessionOf(annotations: readonly Annotation[] = [], mode = "select"): Session {
  let made = 0;
  return new Session({ size: SIZE, document: documentOf(annotations), label: 1, thresholds: { all: 0.5, byLabel: {} }, mode, newId: () => `new${++made}` });
}

export function inputAt([x, y]: Point, more: Partial<PointerInput> = {}): PointerInput {
  return { at: [x, y], reach: 7, shift: false, alt: false, ctrl: false, ...more };
}

export function press(name: string, more: Partial<KeyPress> = {}): KeyPress {
  return { key: name, shift: false, ctrl: false, alt: false, ...more };
}

/** Press, wander along the way, release at its end; false when the view would have panned. */
export function drag(on: Session, way: readonly Point[], more: Partial<PointerInput> = {}): boolean {
  const [from = [0, 0], ...rest] = way;
  on.alive.move(inputAt(from, more));
  if (!on.alive.press(inputAt(from, more))) return false;
  for (const to of rest) on.alive.drag(inputAt(to, more));
  on.alive.release(inputAt(way.at(-1) ?? from, more));
  return true;
}

export function click(on: Session, at: Point, more: Partial<PointerInput> = {}): void {
  on.alive.move(inputAt(at, more));
  if (on.alive.press(inputAt(at, more))) on.alive.release(inputAt(at, more));
  on.alive.click(inputAt(at, more));
}

export function shapeOf<S>(on: Session, id: string): S {
  return on.document().get(id)?.shape as S;
}
