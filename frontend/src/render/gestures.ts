/** Carry pointer events to the mode that is alive. What the mode does not take pans and zooms the view. */
import Interaction from "ol/interaction/Interaction.js";
import type MapBrowserEvent from "ol/MapBrowserEvent.js";
import type { Mode, PointerInput } from "../core/mode";
import { toImage } from "./space";

const REACH_PX = { mouse: 7, pen: 8, touch: 16 } as const;
/** A press that wanders less than this is a click. */
const CLICK_PX = 4;
const DOUBLE_CLICK_MS = 320;
const DOUBLE_CLICK_PX = 6;
/** So long after a pen was last seen, what touches the screen is the palm of its hand. */
const PEN_NEAR_MS = 700;
const SECONDARY = 2;
/** The bit of that button while it is held, in `buttons`. */
const SECONDARY_HELD = 2;

interface Press {
  readonly x: number;
  readonly y: number;
  readonly taken: boolean;
  wandered: boolean;
}

interface Click {
  readonly x: number;
  readonly y: number;
  readonly time_ms: number;
}

export class Gestures extends Interaction {
  /** Space is held: every drag pans. */
  panning = false;
  /** Told after each gesture that was the mode's, and none of the view's. */
  onGesture: (() => void) | null = null;
  private pressed: Press | null = null;
  private last: Click | null = null;
  private penSeen_ms = -Infinity;

  constructor(private readonly mode: () => Mode | null) {
    super();
  }

  override handleEvent(event: MapBrowserEvent): boolean {
    const pointer = event.originalEvent;
    const mode = this.mode();
    if (!(pointer instanceof PointerEvent) || !mode) return true;
    if (pointer.pointerType === "pen") this.penSeen_ms = pointer.timeStamp;
    // A palm neither draws nor pans; stopping the event keeps it from the interactions that would.
    else if (pointer.pointerType === "touch" && this.isPenNear(pointer.timeStamp)) return false;
    switch (event.type) {
      case "pointerdown":
        return this.down(event, pointer, mode);
      case "pointerdrag":
        return this.drag(event, pointer, mode);
      case "pointerup":
        return this.up(event, pointer, mode);
      case "pointermove":
        if (!event.dragging && !this.panning && pointer.pointerType !== "touch") mode.move(inputOf(event, pointer));
        return true;
      default:
        return true;
    }
  }

  private isPenNear(now_ms: number): boolean {
    return now_ms - this.penSeen_ms < PEN_NEAR_MS;
  }

  private down(event: MapBrowserEvent, pointer: PointerEvent, mode: Mode): boolean {
    if (fingers(event) > 1) return this.giveUp();
    if (this.panning || !(pointer.button === 0 || (pointer.button === SECONDARY && mode.takesSecondary === true))) return true;
    const input = inputOf(event, pointer);
    // One finger pans: on a touch screen a drawing tool gets taps only, a handle or a selected shape still its drag.
    const taken = !(pointer.pointerType === "touch" && mode.name.startsWith("draw-") && !mode.takesFingers) && mode.press(input);
    this.pressed = { x: pointer.clientX, y: pointer.clientY, taken, wandered: false };
    return !taken;
  }

  private drag(event: MapBrowserEvent, pointer: PointerEvent, mode: Mode): boolean {
    const press = this.pressed;
    if (!press) return true;
    if (fingers(event) > 1) return this.giveUp();
    press.wandered ||= Math.hypot(pointer.clientX - press.x, pointer.clientY - press.y) > CLICK_PX;
    if (press.taken && press.wandered) mode.drag({ ...inputOf(event, pointer), ...trailOf(event, pointer) });
    return !press.taken;
  }

  private up(event: MapBrowserEvent, pointer: PointerEvent, mode: Mode): boolean {
    const press = this.pressed;
    this.pressed = null;
    if (!press) return true;
    const input = inputOf(event, pointer);
    if (press.taken) mode.release(input);
    if (!press.wandered) this.click(input, pointer, press, mode);
    if (press.taken || !press.wandered) this.onGesture?.();
    return !press.taken;
  }

  private click(input: PointerInput, pointer: PointerEvent, press: Press, mode: Mode): void {
    if (pointer.pointerType === "touch" && !press.taken) {
      mode.press(input);
      mode.release(input);
    }
    mode.click(input);
    const now = { x: pointer.clientX, y: pointer.clientY, time_ms: pointer.timeStamp };
    const twice = this.last !== null && now.time_ms - this.last.time_ms < DOUBLE_CLICK_MS && Math.hypot(now.x - this.last.x, now.y - this.last.y) < DOUBLE_CLICK_PX;
    this.last = twice ? null : now;
    if (twice) mode.doubleClick(input);
  }

  private giveUp(): true {
    if (this.pressed?.taken) this.mode()?.key({ key: "Escape", shift: false, ctrl: false, alt: false });
    this.pressed = null;
    return true;
  }
}

/** Pointers that work together: a pen works alone, whatever rests on the screen beside it. */
function fingers(event: MapBrowserEvent): number {
  const { pointerType } = event.originalEvent as PointerEvent;
  return pointerType === "pen" ? 1 : (event.activePointers?.length ?? 1);
}

/** Browsers gather the moves between two frames into one event, and keep what they gathered. */
function trailOf(event: MapBrowserEvent, pointer: PointerEvent): Pick<PointerInput, "trail"> {
  const gathered = pointer.getCoalescedEvents();
  if (gathered.length < 2) return {};
  return { trail: gathered.slice(0, -1).map((moved) => toImage(event.map.getEventCoordinate(moved))) };
}

function inputOf(event: MapBrowserEvent, pointer: PointerEvent): PointerInput {
  const resolution = event.map.getView().getResolution() ?? 1;
  const reach_px = REACH_PX[pointer.pointerType as keyof typeof REACH_PX] ?? REACH_PX.mouse;
  return { at: toImage(event.coordinate), reach: reach_px * resolution, shift: pointer.shiftKey, alt: pointer.altKey, ctrl: pointer.ctrlKey || pointer.metaKey, ...buttonOf(pointer), ...deviceOf(pointer) };
}

/** A mouse and most fingers report a constant pressure, which tells nothing. */
function deviceOf({ pointerType, pressure }: PointerEvent): Pick<PointerInput, "pointer" | "pressure"> {
  if (pointerType === "pen") return { pointer: "pen", pressure };
  return { pointer: pointerType === "touch" ? "touch" : "mouse" };
}

/** While a button is held a moving pointer tells which by `buttons`; the event of its release by `button` alone. */
function buttonOf({ button, buttons }: PointerEvent): Pick<PointerInput, "secondary"> {
  return button === SECONDARY || (button === -1 && (buttons & SECONDARY_HELD) !== 0) ? { secondary: true } : {};
}
