/**
 * The rows of images by id, outside React: fetched in windows around what is on screen, kept, and changed ahead of the server.
 *
 * A tile listens to its own row, so that a press on one image paints one tile.
 */
import type { GalleryImage } from "@/api/gallery";

export type Load = (ids: readonly number[]) => Promise<readonly GalleryImage[]>;

export interface RowsOptions {
  /** As many rows as one request brings. */
  readonly batch: number;
  /** Rows are asked for when the screen has rested so long: what only flies past is never fetched. */
  readonly rest_ms: number;
  /** Rows kept in memory; the oldest that nobody looks at go first. */
  readonly kept: number;
  readonly onError: (error: unknown) => void;
}

const DEFAULTS: RowsOptions = { batch: 100, rest_ms: 60, kept: 20_000, onError: () => undefined };

export class Rows {
  private readonly rows = new Map<number, GalleryImage>();
  private readonly ahead = new Map<number, Partial<GalleryImage>>();
  private readonly merged = new Map<number, GalleryImage>();
  private readonly stale = new Set<number>();
  private readonly going = new Set<number>();
  private readonly listeners = new Map<number, Set<() => void>>();
  private readonly options: RowsOptions;
  private wanted: readonly number[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Shown ahead until the server's own word arrives. */
  private readonly settling = new Set<number>();

  constructor(
    private readonly load: Load,
    options: Partial<RowsOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  /** The row as it will be once everything is saved; undefined while it is on its way. */
  get(id: number): GalleryImage | undefined {
    const known = this.merged.get(id);
    if (known !== undefined) return known;
    const row = this.rows.get(id);
    if (row === undefined) return undefined;
    const whole = { ...row, ...this.ahead.get(id) };
    this.merged.set(id, whole);
    return whole;
  }

  subscribe(id: number, listener: () => void): () => void {
    const own = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, own.add(listener));
    return () => {
      own.delete(listener);
      if (own.size === 0 && this.listeners.get(id) === own) this.listeners.delete(id);
    };
  }

  /** Say what is on screen, nearest first; what was wanted before and is not on its way is forgotten. */
  want(ids: readonly number[]): void {
    this.wanted = ids;
    if (this.timer !== null) clearTimeout(this.timer);
    if (ids.some((id) => this.isMissing(id))) this.timer = setTimeout(() => void this.fetch(), this.options.rest_ms);
  }

  /** Show a change now, ahead of the server. */
  change(id: number, change: Partial<GalleryImage>): void {
    this.settling.delete(id);
    this.ahead.set(id, { ...this.ahead.get(id), ...change });
    this.merged.delete(id);
    this.tell(id);
  }

  /** What was shown ahead is saved: ask for the server's word on it, and show that from then on. */
  settle(ids: Iterable<number>): void {
    for (const id of ids) {
      this.stale.add(id);
      if (this.ahead.has(id)) this.settling.add(id);
    }
    void this.fetch();
  }

  /** Take back a change that was refused. */
  revert(ids: Iterable<number>): void {
    for (const id of ids) {
      this.settling.delete(id);
      if (!this.ahead.delete(id)) continue;
      this.merged.delete(id);
      this.tell(id);
    }
  }

  /** Everything may be different now: show what is known while it is asked for again. */
  refresh(): void {
    for (const id of this.rows.keys()) this.stale.add(id);
    void this.fetch();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.wanted = [];
  }

  private isMissing(id: number): boolean {
    return (!this.rows.has(id) || this.stale.has(id)) && !this.going.has(id);
  }

  private async fetch(): Promise<void> {
    this.timer = null;
    const missing = [...new Set([...this.wanted, ...this.settling])].filter((id) => this.isMissing(id));
    const parts: number[][] = [];
    for (let start = 0; start < missing.length; start += this.options.batch) parts.push(missing.slice(start, start + this.options.batch));
    await Promise.all(parts.map((part) => this.fetchPart(part)));
  }

  private async fetchPart(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      this.going.add(id);
      // Going stale again while this is on its way, it is asked for again.
      this.stale.delete(id);
    }
    try {
      for (const row of await this.load(ids)) this.put(row);
      this.forget();
    } catch (error) {
      for (const id of ids) this.stale.add(id);
      this.options.onError(error);
      return;
    } finally {
      for (const id of ids) this.going.delete(id);
    }
    if (ids.some((id) => this.stale.has(id))) await this.fetch();
  }

  private put(row: GalleryImage): void {
    this.rows.delete(row.id);
    this.rows.set(row.id, row);
    if (!this.stale.has(row.id) && this.settling.delete(row.id)) this.ahead.delete(row.id);
    this.merged.delete(row.id);
    this.tell(row.id);
  }

  private forget(): void {
    for (const id of this.rows.keys()) {
      if (this.rows.size <= this.options.kept) return;
      if (this.listeners.has(id) || this.ahead.has(id)) continue;
      this.rows.delete(id);
      this.merged.delete(id);
      this.stale.delete(id);
    }
  }

  private tell(id: number): void {
    for (const listener of [...(this.listeners.get(id) ?? [])]) listener();
  }
}
