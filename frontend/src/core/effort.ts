/**
 * What each annotation costs a person: active seconds and actions, told to the server with the next save.
 *
 * An action is one press of a key or one gesture of the pointer that draws, changes, selects or labels. Zooming, panning, showing
 * and going from image to image are none. What was spent before it was clear on what waits, and goes to what is touched next.
 */

export interface Spent {
  readonly active_s: number;
  readonly actions: number;
}

export type Effort = Readonly<Record<string, Spent>>;

/** Work that the server was not told of yet: seconds on the image, and what each annotation cost. */
export interface Work {
  readonly active_s: number;
  readonly effort: Effort;
}

export const NO_WORK: Work = { active_s: 0, effort: {} };

export interface Tally {
  /** Spent, and not yet anybody's. */
  readonly waiting: Spent;
  /** By annotation, not yet told to the server. */
  readonly byId: ReadonlyMap<string, Spent>;
}

const NOTHING: Spent = { active_s: 0, actions: 0 };

export const NO_EFFORT: Tally = { waiting: NOTHING, byId: new Map() };

/** Seconds that concern more than these go to these alone: a whole image of drafts that were accepted at once. */
export const MOST_SHARED = 200;

function plus(a: Spent, b: Spent): Spent {
  return { active_s: a.active_s + b.active_s, actions: a.actions + b.actions };
}

export function spend(tally: Tally, more: Partial<Spent>): Tally {
  return { ...tally, waiting: plus(tally.waiting, { ...NOTHING, ...more }) };
}

/** What waits was for these: seconds in equal parts, actions with the first. */
export function attribute(tally: Tally, ids: readonly string[]): Tally {
  const { active_s, actions } = tally.waiting;
  const shared = ids.slice(0, MOST_SHARED);
  if (shared.length === 0 || (active_s === 0 && actions === 0)) return tally;
  const byId = new Map(tally.byId);
  shared.forEach((id, at) => byId.set(id, plus(byId.get(id) ?? NOTHING, { active_s: active_s / shared.length, actions: at === 0 ? actions : 0 })));
  return { waiting: NOTHING, byId };
}

/** Take what the server does not know yet; milliseconds are fine enough. */
export function take(tally: Tally): { readonly rest: Tally; readonly effort: Effort } {
  const effort = Object.fromEntries([...tally.byId].map(([id, { active_s, actions }]) => [id, { active_s: Math.round(active_s * 1000) / 1000, actions }]));
  return { rest: { ...tally, byId: new Map() }, effort };
}

/** Work of two tabs, or of two moments, told as one. */
export function together(a: Work, b: Work): Work {
  const effort: Record<string, Spent> = { ...a.effort };
  for (const [id, spent] of Object.entries(b.effort)) effort[id] = plus(effort[id] ?? NOTHING, spent);
  return { active_s: a.active_s + b.active_s, effort };
}

/** A save did not arrive: what it told is still to be told. */
export function giveBack(tally: Tally, effort: Effort): Tally {
  const byId = new Map(tally.byId);
  for (const [id, spent] of Object.entries(effort)) byId.set(id, plus(byId.get(id) ?? NOTHING, spent));
  return { ...tally, byId };
}
