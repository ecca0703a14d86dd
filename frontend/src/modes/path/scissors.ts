/** Intelligent scissors: a line that clings to edges of the picture between where it is and where the pointer is. */
import type { Bench } from "../../core/bench";
import { insideImage } from "../../core/geometry";
import type { PixelReader } from "../../core/pixels";
import type { Point } from "../../core/types";
import { EdgeWindow } from "./edge-window";

/** Corners looked at for one move of the pointer: well under a frame. */
const MOST_CORNERS = 20_000;
/** After a picture could not be read it is let alone for so long. */
const REST_MS = 3_000;
/** The pointer is drawn to an edge this near, in pixels of the page. */
const PULL_PX = 8;
/** Pixels of the page in one pixel of what is read. */
const SHARPEST = Math.SQRT2;

/** The last window of each picture, at each size: taking up another tool does not lose it. */
const windows = new WeakMap<PixelReader, EdgeWindow>();

export class Scissors {
  private making: PixelReader | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private restsUntil_ms = 0;

  constructor(
    private readonly bench: Bench,
    /** Something that was not known became known. */
    private readonly changed: () => void,
  ) {}

  /** Where an edge draws the pointer to; the same place where there is none, or it is not known yet. */
  pulled(at: Point, from: Point | null, resolution: number): Point {
    const edge = this.windowFor(from ? [from, at] : [at], resolution)?.strongest(at, PULL_PX * resolution);
    return edge ? insideImage(edge, this.bench.size) : at;
  }

  /** The points from one place to another along edges, without the first; null while they are not known, or where they are too far apart. */
  way(from: Point, to: Point, resolution: number, thorough = false): readonly Point[] | null {
    const window = this.windowFor([from, to], resolution);
    const way = window?.way(from, to, thorough ? Infinity : MOST_CORNERS) ?? null;
    if (window && way === null) this.timer ??= setTimeout(() => this.goOn(), 0);
    return way?.map((point) => insideImage(point, this.bench.size)) ?? null;
  }

  /** Whether two places are too far apart at this zoom. */
  isFar(from: Point, to: Point, resolution: number): boolean {
    const reader = this.readerFor(resolution);
    return reader !== null && !EdgeWindow.fits([from, to], reader, this.bench.size);
  }

  /** Whether what was asked last is still being worked out. */
  get busy(): boolean {
    return this.making !== null || this.timer !== null;
  }

  private goOn(): void {
    this.timer = null;
    this.changed();
  }

  /** As sharp as the page shows it: what cannot be seen should not pull the line about. */
  private readerFor(resolution: number): PixelReader | null {
    return this.bench.pixels()?.coarser(Math.max(1, resolution * SHARPEST)) ?? null;
  }

  private windowFor(points: readonly Point[], resolution: number): EdgeWindow | null {
    const reader = this.readerFor(resolution);
    if (!reader) return null;
    const window = windows.get(reader);
    if (window?.holds(points, this.bench.size)) return window;
    if (!this.making && Date.now() >= this.restsUntil_ms && EdgeWindow.fits(points, reader, this.bench.size)) void this.make(points, reader);
    return null;
  }

  private async make(points: readonly Point[], reader: PixelReader): Promise<void> {
    this.making = reader;
    try {
      windows.set(reader, await EdgeWindow.around(points, reader, this.bench.size));
    } catch {
      // A tile could not be read. It is asked for again with a later move; until then lines are straight.
      this.restsUntil_ms = Date.now() + REST_MS;
    } finally {
      this.making = null;
    }
    this.changed();
  }
}
