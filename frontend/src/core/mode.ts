/** A mode is what pointer and keys mean at the moment; one is alive at a time. */
import type { Point } from "./types";

export interface PointerInput {
  readonly at: Point;
  /** How near counts as "on it", in image pixels; a finger reaches further than a mouse. */
  readonly reach: number;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
  /** The right button of a mouse, or the barrel button of a pen. */
  readonly secondary?: boolean;
  /** What made it; absent means a mouse. */
  readonly pointer?: "mouse" | "pen" | "touch";
  /** 0 to 1 where the device tells it; absent where it does not. */
  readonly pressure?: number;
  /** Where the pointer has been since the last drag, oldest first, without this place: devices tell more than frames show. */
  readonly trail?: readonly Point[];
}

export interface KeyPress {
  readonly key: string;
  readonly shift: boolean;
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export interface Mode {
  readonly name: string;
  /** It changes nothing: who only looks may use it. */
  readonly onlyLooks?: boolean;
  /** A drag with one finger draws, too, instead of panning. */
  readonly takesFingers?: boolean;
  /** It wants the right button, too; elsewhere that one does nothing. */
  readonly takesSecondary?: boolean;
  /** Take the press, and with it the drag that follows; otherwise dragging pans the view. */
  press(input: PointerInput): boolean;
  drag(input: PointerInput): void;
  release(input: PointerInput): void;
  /** The pointer moved with nothing pressed. */
  move(input: PointerInput): void;
  /** Pressed and released at one place. It follows `release` where the mode took the press. */
  click(input: PointerInput): void;
  doubleClick(input: PointerInput): void;
  /** Use a key, or leave it to the page's commands. */
  key(press: KeyPress): boolean;
  /** Do what a command of a shape asks of the mode that is alive ("part", "hole", "remove"); false when it means nothing here. */
  act?(command: string): boolean;
  /** The document or the selection changed: show again what belongs to it. */
  refresh(): void;
  leave(): void;
}
