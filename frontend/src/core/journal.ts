/** What tabs wrote down before they went away: unsaved changes, and what they were made on. */
import { NO_WORK, together, type Work } from "./effort";
import { touchedIds, type Before } from "./merge";
import type { Patch } from "./types";

/** What survives a crash. */
export interface JournalEntry {
  readonly version: number;
  readonly patch: Patch;
  readonly before: Before;
  /** What these changes cost, as far as the server was not told; absent in those of earlier times. */
  readonly work?: Work;
  /** When it was written; absent in those of earlier times. */
  readonly at_ms?: number;
}

function after(first: Patch, second: Patch): Patch {
  const again = new Set(touchedIds(second));
  return {
    upsert: [...first.upsert.filter(({ id }) => !again.has(id)), ...second.upsert],
    delete: [...first.delete.filter((id) => !again.has(id)), ...second.delete],
  };
}

function joinedTwo(all: JournalEntry, entry: JournalEntry): JournalEntry {
  return {
    version: Math.min(all.version, entry.version),
    patch: after(all.patch, entry.patch),
    before: { ...entry.before, ...all.before },
    work: together(all.work ?? NO_WORK, entry.work ?? NO_WORK),
  };
}

/** Make one entry of those that several tabs left: all of their changes, a later one over an earlier one of the same object. */
export function joined(entries: readonly JournalEntry[]): JournalEntry | null {
  const [first, ...rest] = [...entries].sort((a, b) => (a.at_ms ?? 0) - (b.at_ms ?? 0));
  return first ? rest.reduce(joinedTwo, first) : null;
}
