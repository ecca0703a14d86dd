/**
 * A line that grows under a hand: corner by corner, by a free stroke, along the border of a neighbour, or along edges of the
 * picture. It knows nothing of what becomes of it.
 */
import type { Bench, PaintFrame } from "../../core/bench";
import { distance, insideImage, rounded } from "../../core/geometry";
import type { PointerInput } from "../../core/mode";
import { crossingsOf } from "../../core/path/crossings";
import { edgesOf } from "../../core/path/edges";
import { simplified } from "../../core/path/simplify";
import { Track, type Direction } from "../../core/path/track";
import type { Point } from "../../core/types";
import { paintCrossings, paintGuide, paintSnap, paintVertices } from "./paint";
import { Scissors } from "./scissors";
import { SCISSORS, TRACE } from "./settings";
import { lineAt, placeOn, resolutionOf, snapped, type LineHit, type Snap } from "./snap";

/** A free stroke takes a point this often, and is thinned to this tolerance when it ends; pixels of the page. */
const STROKE_STEP_PX = 2;
const STROKE_TOLERANCE_PX = 0.75;

/** A neighbour's border being followed: from where, how far the pointer went along it, and whether the person turned it round. */
interface Trace {
  readonly track: Track;
  readonly from: number;
  readonly at: number;
  readonly end: Point;
  /** Length gone so far, with its sign: the way that was pointed at. */
  readonly gone: number;
  readonly flipped: boolean;
}

export class GrowingPath {
  points: readonly Point[] = [];
  private start: Point | null = null;
  private pointer: Point | null = null;
  private snap: Snap | null = null;
  private trace: Trace | null = null;
  /** Along edges of the picture from the last point to the pointer; null is straight. */
  private wire: readonly Point[] | null = null;
  private readonly scissors: Scissors;
  private aimed: PointerInput | null = null;
  private stroking = false;
  private startedTrace = false;
  /** How long the line was before each gesture, so that one step back undoes one gesture. */
  private readonly lengths: number[] = [];
  private crossed: readonly Point[] = [];

  constructor(
    private readonly bench: Bench,
    /** The line becomes an outline: its first point closes it. */
    public closes: boolean,
    readonly skip: () => string | null = () => null,
    /** What is shown would be different now, though the hand did nothing. */
    private readonly changedLater: () => void = () => undefined,
  ) {
    this.scissors = new Scissors(bench, () => this.learned());
  }

  /** Whether anything was drawn that would be lost. */
  get begun(): boolean {
    return this.points.length > (this.start ? 1 : 0) || this.trace !== null;
  }

  get tracing(): boolean {
    return this.trace !== null;
  }

  /** The pointer is too far from the last point for the line to look for edges between them. */
  get far(): boolean {
    const last = this.points.at(-1);
    return this.aimed !== null && last !== undefined && this.clings(this.aimed) && this.scissors.isFar(last, this.aimed.at, resolutionOf(this.aimed));
  }

  get clinging(): boolean {
    return this.bench.settings.get(SCISSORS);
  }

  /** The line looks for edges, and is shown straight until it has found them. */
  get looking(): boolean {
    return this.wire === null && this.scissors.busy;
  }

  /** Begin at a point that is there already, now and after each line; null begins anywhere. */
  startFrom(point: Point | null): void {
    this.start = point;
    this.clear();
  }

  press(input: PointerInput): boolean {
    this.startedTrace = false;
    if (this.trace) return true;
    const border = input.alt || this.bench.settings.get(TRACE) ? lineAt(this.bench, input, this.skip()) : null;
    if (border) this.startTrace(border, input);
    return border !== null || input.shift || input.pointer === "pen";
  }

  drag(input: PointerInput): void {
    if (this.trace) this.followTrace(input);
    else this.stroke(input);
  }

  /** True when the gesture that ended was more than a click. */
  release(input: PointerInput): void {
    if (this.trace && Math.abs(this.trace.gone) > input.reach) this.endTrace();
    else if (this.stroking) this.endStroke(input);
  }

  move(input: PointerInput): void {
    if (this.trace) this.followTrace(input);
    else this.aim(input);
  }

  /** Put a corner where the pointer is meant to be; true when that closes the line. */
  click(input: PointerInput): boolean {
    if (this.startedTrace && this.trace) return false;
    if (this.trace) {
      this.followTrace(input);
      this.endTrace();
      return false;
    }
    const last = this.points.at(-1);
    const first = this.closingPoint(input);
    if (first) {
      const way = last && this.clings(input) ? this.scissors.way(last, first, resolutionOf(input), true) : null;
      this.add(way?.slice(0, -1) ?? []);
      return true;
    }
    const here = this.aim(input, true);
    if (!last || distance(last, here) >= Math.min(input.reach / 3, 1)) this.add(this.wire ?? [here]);
    this.wire = null;
    return false;
  }

  back(): void {
    if (this.trace) {
      this.trace = null;
      return;
    }
    this.points = this.points.slice(0, this.lengths.pop() ?? (this.start ? 1 : 0));
    this.changed();
    this.look();
  }

  /** Follow the border the other way round. */
  flip(): void {
    if (this.trace) this.trace = { ...this.trace, flipped: !this.trace.flipped };
  }

  clear(): void {
    this.points = this.start ? [this.start] : [];
    this.lengths.length = 0;
    this.trace = null;
    this.wire = null;
    this.stroking = false;
    this.changed();
  }

  /** The hand is gone: nothing that comes to be known later is shown. */
  leave(): void {
    this.clear();
    this.aimed = null;
  }

  paint(frame: PaintFrame): void {
    const preview = this.preview();
    const line = [...this.points, ...preview];
    if (line.length > 1) paintGuide(frame, line);
    const [first, last] = [line[0], line.at(-1)];
    if (this.closes && first && last && line.length > 2) paintGuide(frame, [last, first], [3, 5]);
    paintVertices(frame, this.points);
    paintCrossings(frame, [...this.crossed, ...this.crossingsOfPreview(preview)]);
    paintSnap(frame, this.snap);
  }

  /** What would be added if the hand ended here. */
  preview(): readonly Point[] {
    if (this.trace) return [...this.traced(this.trace), this.trace.end];
    return this.pointer && this.points.length > 0 && !this.stroking ? (this.wire ?? [this.pointer]) : [];
  }

  /** Only an outline must not cross itself; a line may. */
  private crossingsOfPreview(preview: readonly Point[]): readonly Point[] {
    const last = this.points.at(-1);
    if (!this.closes || !last || preview.length === 0 || this.points.length < 2) return [];
    // The edge before shares the last point with the preview; a common end is no crossing.
    return crossingsOf([this.points, [last, ...preview]]).map(({ at }) => at).filter((at) => !this.crossed.includes(at));
  }

  private aim(input: PointerInput, thorough = false): Point {
    const last = this.points.at(-1);
    this.aimed = input;
    if (input.shift && last) {
      this.snap = null;
      this.pointer = insideImage(straightened(last, input.at), this.bench.size);
    } else {
      this.snap = snapped(this.bench, input, this.skip());
      this.pointer = this.snap.at;
    }
    this.wire = null;
    if (this.clings(input)) this.cling(input, thorough);
    return this.pointer;
  }

  /** Shift draws straight. */
  private clings(input: PointerInput): boolean {
    return this.clinging && !input.shift;
  }

  private cling(input: PointerInput, thorough: boolean): void {
    const last = this.points.at(-1) ?? null;
    const resolution = resolutionOf(input);
    const first = this.closingPoint(input);
    if (first) this.pointer = first;
    else if (this.pointer && this.snap?.kind === "free" && !input.ctrl) this.pointer = this.scissors.pulled(this.pointer, last, resolution);
    this.wire = last && this.pointer ? this.scissors.way(last, this.pointer, resolution, thorough) : null;
  }

  /** The first point, where a click would close the outline. */
  private closingPoint({ at, reach }: PointerInput): Point | null {
    const [first] = this.points;
    return this.closes && first && this.points.length >= 3 && distance(first, at) <= reach ? first : null;
  }

  /** Look again where the pointer is. */
  look(): void {
    if (this.aimed && !this.trace && !this.stroking) this.aim(this.aimed);
  }

  private learned(): void {
    if (!this.aimed) return;
    this.look();
    this.changedLater();
  }

  private add(points: readonly Point[]): void {
    if (points.length === 0) return;
    this.lengths.push(this.points.length);
    this.points = [...this.points, ...points];
    this.changed();
  }

  private changed(): void {
    this.crossed = this.closes ? crossingsOf([this.points]).map(({ at }) => at) : [];
  }

  private stroke(input: PointerInput): void {
    const here = insideImage(input.at, this.bench.size);
    const last = this.points.at(-1);
    if (!this.stroking) {
      this.stroking = true;
      this.lengths.push(this.points.length);
    }
    if (!last || distance(last, here) >= STROKE_STEP_PX * resolutionOf(input)) this.points = [...this.points, here];
    this.pointer = here;
    this.snap = null;
  }

  private endStroke(input: PointerInput): void {
    const from = Math.max(0, (this.lengths.at(-1) ?? 0) - 1);
    const [kept = []] = simplified([this.points.slice(from)], STROKE_TOLERANCE_PX * resolutionOf(input));
    this.points = [...this.points.slice(0, from), ...kept];
    this.stroking = false;
    this.changed();
  }

  private startTrace({ line, hit }: LineHit, input: PointerInput): void {
    const track = new Track(line);
    const place = placeOn(line, hit, input.reach);
    const [along, start] = [track.along(place), inHundredths(place.at)];
    const last = this.points.at(-1);
    if (!last || distance(last, start) > 0) this.add([start]);
    this.trace = { track, from: along, at: along, end: start, gone: 0, flipped: false };
    this.startedTrace = true;
  }

  private followTrace(input: PointerInput): void {
    if (!this.trace) return;
    const { track } = this.trace;
    const hit = edgesOf(track.points).nearest(input.at, Infinity);
    if (!hit) return;
    const place = placeOn(track.points, hit, input.reach);
    const at = track.along(place);
    const gone = this.trace.gone + track.step(this.trace.at, at);
    this.trace = { ...this.trace, at, end: inHundredths(place.at), gone };
    this.snap = { at: place.at, kind: place === hit ? "edge" : "vertex" };
  }

  private traced({ track, from, at, gone, flipped }: Trace): readonly Point[] {
    const pointed: Direction = gone < 0 ? -1 : 1;
    const direction = flipped && track.closed ? (-pointed as Direction) : pointed;
    return track.between(from, at, direction);
  }

  private endTrace(): void {
    if (!this.trace) return;
    const passed = [...this.traced(this.trace), this.trace.end];
    const last = this.points.at(-1);
    this.trace = null;
    this.snap = null;
    this.add(last && passed.length === 1 && passed[0] && distance(last, passed[0]) === 0 ? [] : passed);
  }
}

function inHundredths([x, y]: Point): Point {
  return [rounded(x), rounded(y)];
}

/** Hold a line to steps of 45 degrees. */
function straightened(from: Point, to: Point): Point {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to[1] - from[1], to[0] - from[0]) / step) * step;
  const length = distance(from, to);
  return [from[0] + Math.cos(angle) * length, from[1] + Math.sin(angle) * length];
}
