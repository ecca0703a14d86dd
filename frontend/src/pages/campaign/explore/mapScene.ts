/** The coverage map on a canvas, beside React: tens of thousands of points that follow the wheel, a drag, two fingers and the keys. */
import { type Dots, dotSide, inLoop, moved, nearestTo, paint, type Sight, type Spread, spreadOf, wholeSight, within, zoomed } from "./points";

const REACH_PX = 9;
const WHEEL = 0.0015;
const STEP_PX = 60;
const STEP_CLOSER = 1.5;
const LEAST_STEP_PX = 2;

export interface SceneParts {
  readonly frame: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly outline: SVGPolygonElement;
}

/** What the scene tells: the place in the map of the point under the pointer (-1: none) and where it lies, and the places that were chosen. */
export interface SceneListener {
  readonly onUnder: (place: number, x: number, y: number) => void;
  readonly onCaught: (places: readonly number[]) => void;
  readonly onOpen: (place: number) => void;
}

export interface MapScene {
  readonly show: (dots: Dots) => void;
  readonly resize: (width: number, height: number) => void;
  readonly closer: (factor: number) => void;
  readonly whole: () => void;
  /** Choose the shown points that can be seen. */
  readonly chooseSeen: () => void;
  readonly dispose: () => void;
}

type Spot = readonly [x: number, y: number];

export function createMapScene({ frame, canvas, outline }: SceneParts, told: SceneListener): MapScene {
  const context = canvas.getContext("2d");
  const fingers = new Map<number, Spot>();
  let dots: Dots | null = null;
  let [width, height] = [0, 0];
  let picture: ImageData | null = null;
  let spread: Spread = { across: 1, down: 1 };
  let sight: Sight = wholeSight(1, 1);
  let near = false;
  let under = -1;
  let loop: Spot[] | null = null;
  let pans = false;
  let waiting = 0;

  const all = (): Sight => wholeSight(width, height, spread);
  const draw = (): void => {
    waiting = 0;
    if (context === null || dots === null || width === 0) return;
    const dense = window.devicePixelRatio;
    const [wide, high] = [Math.round(width * dense), Math.round(height * dense)];
    if (picture?.width !== wide || picture.height !== high) {
      canvas.width = wide;
      canvas.height = high;
      picture = context.createImageData(wide, high);
    }
    const side = dotSide(dots.ink.length, sight.scale / all().scale) * dense;
    const seen = paint(new Uint32Array(picture.data.buffer), wide, high, dots, { scale: sight.scale * dense, x: sight.x * dense, y: sight.y * dense }, side);
    context.putImageData(picture, 0, 0);
    frame.dataset["seen"] = String(seen);
  };
  const redraw = (): void => {
    if (waiting === 0) waiting = requestAnimationFrame(draw);
  };
  const look = (next: Sight): void => {
    sight = moved(next, 0, 0, width, height);
    near = sight.scale > all().scale;
    if (!near) sight = all();
    point(-1);
    redraw();
  };
  const zoom = (factor: number, [x, y]: Spot): void => look(zoomed(sight, factor, x, y, all().scale));
  const pan = (dx: number, dy: number): void => look({ ...sight, x: sight.x + dx, y: sight.y + dy });
  const point = (place: number): void => {
    if (place === under) return;
    under = place;
    told.onUnder(place, sight.x + (dots?.x[place] ?? 0) * sight.scale, sight.y + (dots?.y[place] ?? 0) * sight.scale);
  };
  const outlined = (next: Spot[] | null): void => {
    loop = next;
    outline.setAttribute("points", (next ?? []).map((spot) => spot.join(",")).join(" "));
  };
  const spotOf = (event: MouseEvent): Spot => {
    const { left, top } = frame.getBoundingClientRect();
    return [Math.round(event.clientX - left), Math.round(event.clientY - top)];
  };
  const chooseSeen = (): void => {
    const caught = dots === null ? [] : within(dots, sight, 0, 0, width, height);
    if (caught.length > 0) told.onCaught(caught);
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * WHEEL), spotOf(event));
  };
  const down = (event: PointerEvent): void => {
    if (event.button > 1 || event.target instanceof Element && event.target.closest("button") !== null) return;
    if (event.button === 1) event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, spotOf(event));
    pans = event.button === 1 || event.shiftKey || fingers.size > 1;
    point(-1);
    outlined(pans ? null : [spotOf(event)]);
  };
  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    const spot = spotOf(event);
    if (before === undefined) {
      if (dots !== null && event.target === canvas) point(nearestTo(dots, sight, spot[0], spot[1], REACH_PX));
      return;
    }
    if (loop !== null) {
      const [x, y] = loop[loop.length - 1] ?? spot;
      if (Math.hypot(spot[0] - x, spot[1] - y) >= LEAST_STEP_PX) outlined([...loop, spot]);
      return;
    }
    if (!pans) return;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, spot);
    if (other === undefined) pan(spot[0] - before[0], spot[1] - before[1]);
    else zoom(Math.hypot(spot[0] - other[0], spot[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1])), other);
  };
  const up = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId) || loop === null) return;
    const caught = dots === null || event.type === "pointercancel" ? [] : inLoop(dots, sight, loop);
    outlined(null);
    if (caught.length > 0) told.onCaught(caught);
  };
  const leave = (): void => point(-1);
  const open = (): void => {
    if (under !== -1) told.onOpen(under);
  };
  const middle = (): Spot => [width / 2, height / 2];
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => pan(STEP_PX, 0),
    ArrowRight: () => pan(-STEP_PX, 0),
    ArrowUp: () => pan(0, STEP_PX),
    ArrowDown: () => pan(0, -STEP_PX),
    "+": () => zoom(STEP_CLOSER, middle()),
    "=": () => zoom(STEP_CLOSER, middle()),
    "-": () => zoom(1 / STEP_CLOSER, middle()),
    "0": () => look(all()),
    Enter: chooseSeen,
    Escape: () => outlined(null),
  };
  const press = (event: KeyboardEvent): void => {
    const act = keys[event.key];
    if (act === undefined || event.target !== frame || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  frame.addEventListener("wheel", wheel, { passive: false });
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave, dblclick: open, keydown: press } as const;
  for (const [name, listener] of Object.entries(listeners)) frame.addEventListener(name, listener as EventListener);
  return {
    show: (next) => {
      dots = next;
      spread = spreadOf(next);
      look(near ? sight : all());
    },
    resize: (wide, high) => {
      const before = width;
      [width, height] = [wide, high];
      look(near && before > 0 ? sight : all());
    },
    closer: (factor) => zoom(factor, middle()),
    whole: () => look(all()),
    chooseSeen,
    dispose: () => {
      cancelAnimationFrame(waiting);
      frame.removeEventListener("wheel", wheel);
      for (const [name, listener] of Object.entries(listeners)) frame.removeEventListener(name, listener as EventListener);
    },
  };
}
