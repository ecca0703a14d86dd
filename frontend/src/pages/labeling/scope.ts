/** The images that the labeling page goes through, when somebody opened it on a selection or on a filter. */
import { ApiProblem } from "@/api/problems";
import { leaseNext, openImage, type Loaded, type NothingLeft } from "./wire";

export type ScopeKind = "selection" | "filter";

/** Whoever only looks goes through the campaign: nothing is leased to them. */
type WalkKind = ScopeKind | "campaign";

export interface Scope {
  readonly kind: WalkKind;
  /** In the order in which they come. */
  readonly ids: readonly number[];
}

const listKey = (campaign: number, kind: WalkKind): string => `winnow:scope:${campaign}:${kind}`;
const placeKey = (campaign: number, kind: WalkKind): string => `${listKey(campaign, kind)}:at`;

/** Hand images from the gallery to the labeling page of this tab. The same list again goes on where it was left. */
export function keepScope(campaign: number, { kind, ids }: Scope): void {
  const list = JSON.stringify(ids);
  try {
    if (sessionStorage.getItem(listKey(campaign, kind)) === list) return;
    sessionStorage.setItem(listKey(campaign, kind), list);
    sessionStorage.removeItem(placeKey(campaign, kind));
  } catch {
    // Without a storage the queue decides.
  }
}

export function readScope(campaign: number, kind: ScopeKind): Scope | null {
  try {
    const ids = JSON.parse(sessionStorage.getItem(listKey(campaign, kind)) ?? "null") as unknown;
    return Array.isArray(ids) && ids.length > 0 && ids.every(Number.isInteger) ? { kind, ids: ids as number[] } : null;
  } catch {
    return null;
  }
}

/** A walk through a scope: image by image in its order, each leased where the queue would hand it out. */
export class Walk {
  private readonly places: ReadonlyMap<number, number>;

  constructor(
    private readonly campaign: number,
    readonly scope: Scope,
    private readonly mayLabel: boolean,
  ) {
    this.places = new Map(scope.ids.map((id, place) => [id, place]));
  }

  /** What its images have in common, in words. */
  get name(): string {
    return { selection: "your selection", filter: "the filter", campaign: "the campaign" }[this.scope.kind];
  }

  /** Counted from 1; null for an image that is not part of it. */
  place(image: number): number | null {
    const place = this.places.get(image);
    return place === undefined ? null : place + 1;
  }

  /** Where to begin: with the image that is asked for, else where the walk was left. */
  first(asked: number | null): number | null {
    const left = Number(sessionStorage.getItem(placeKey(this.campaign, this.scope.kind)) ?? Number.NaN);
    return asked ?? (this.places.has(left) ? left : null);
  }

  remember(image: number): void {
    try {
      if (this.places.has(image)) sessionStorage.setItem(placeKey(this.campaign, this.scope.kind), String(image));
    } catch {
      // Without a storage the walk begins at its start again.
    }
  }

  /** What comes after the last image seen, round to the start, without those seen. */
  coming(visited: readonly number[]): number[] {
    const { ids } = this.scope;
    const seen = new Set(visited);
    const from = (this.places.get(visited.at(-1) ?? -1) ?? -1) + 1;
    return [...ids.slice(from), ...ids.slice(0, from)].filter((id) => !seen.has(id));
  }

  /** Take the next image. In a filter, what a colleague holds is passed over; what was chosen by hand is opened all the same. */
  async lease(visited: readonly number[], first: number | null = null): Promise<Loaded | NothingLeft> {
    for (const id of first === null ? this.coming(visited) : [first, ...this.coming([first])]) {
      const loaded = await this.take(id, id === first);
      if (loaded !== null) return loaded;
    }
    return { image: null, reason: `You have been through all ${this.scope.ids.length.toLocaleString()} images of ${this.name}.` };
  }

  private async take(id: number, wanted: boolean): Promise<Loaded | null> {
    try {
      const leased = this.mayLabel ? await leaseNext(this.campaign, [], true, [id]) : null;
      if (leased !== null && leased.image !== null) return leased;
      const opened = await openImage(id);
      const isHeld = opened.image.state === "unlabeled" && opened.image.split !== "test";
      return isHeld && !wanted && this.scope.kind === "filter" ? null : opened;
    } catch (error) {
      // Removed since the list was made.
      if (error instanceof ApiProblem && (error.status === 404 || error.code === "invalid_selection")) return null;
      throw error;
    }
  }
}
