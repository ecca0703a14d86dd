/**
 * Keeps how a person wants to see things: at once in this browser, and as soon as it answers on the server, from where other browsers
 * have it. Away from the network nothing is lost: what was chosen goes out when the server is back, or at the next start.
 */
import type { StoreApi } from "zustand/vanilla";
import { type Choices, chosen, LET_GO, merged, NO_CHOICES, type Options, optionsOf, sameChoices } from "./choices";

export interface ViewBookParts {
  /** The fast copy, one for each person. */
  readonly read: (person: number) => Choices;
  readonly write: (person: number, choices: Choices) => void;
  /** Change what the server has; returns what it has then. */
  readonly exchange: (change: (theirs: Choices) => Choices) => Promise<Choices>;
  /** Whether it is worth asking again. */
  readonly isAway: (error: unknown) => boolean;
  readonly now_ms: () => number;
}

const REST_MS = 1000;
const WAITS_MS = [3000, 10_000, 30_000, 60_000] as const;

export class ViewBook {
  private person: number | null = null;
  private choices: Choices = NO_CHOICES;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private tries = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly parts: ViewBookParts) {}

  /** Begin with this person's own choices; asking again for the same person does nothing. */
  open(person: number): void {
    if (person === this.person) return;
    this.person = person;
    this.choices = this.parts.read(person);
    this.tell();
    this.soon(0);
  }

  options(): Options {
    return optionsOf(this.choices);
  }

  set(options: Options): void {
    const next = chosen(this.choices, options, this.parts.now_ms());
    if (next === this.choices) return;
    this.keep(next);
    this.soon(REST_MS);
  }

  /** Another tab of the person wrote the fast copy, or the network is back. */
  wake(): void {
    if (this.person === null) return;
    this.keep(this.choices);
    this.soon(0);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Take another tab's choices in, write all of them down, and tell when anything is new. */
  private keep(next: Choices): void {
    if (this.person === null) {
      this.choices = next;
      return this.tell();
    }
    const stored = this.parts.read(this.person);
    const all = merged(stored, next);
    if (!sameChoices(all, stored)) this.parts.write(this.person, all);
    if (sameChoices(all, this.choices)) return;
    this.choices = all;
    this.tell();
  }

  private soon(wait_ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.exchange(), wait_ms);
  }

  private async exchange(): Promise<void> {
    const { person } = this;
    if (person === null) return;
    if (this.busy) return this.soon(REST_MS);
    this.busy = true;
    try {
      const theirs = await this.parts.exchange((now) => merged(this.choices, now));
      this.tries = 0;
      if (person !== this.person) return;
      this.keep(merged(this.choices, theirs));
      if (!sameChoices(this.choices, theirs)) this.soon(REST_MS);
    } catch (error) {
      // Refused, it stays this browser's own.
      if (this.parts.isAway(error)) this.soon(WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)] ?? REST_MS);
      this.tries += 1;
    } finally {
      this.busy = false;
    }
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** How the state of a store is told in options. */
export interface Told<S> {
  read(state: S): Options;
  /** What the options make of a state; those that mean nothing here are left out. */
  write(state: S, options: Options): Partial<S>;
}

/** Let some of a store's state follow the person: what is chosen here goes into the book, what other browsers chose comes out of it. */
export function follow<S extends object>(book: ViewBook, store: StoreApi<S>, told: Told<S>): () => void {
  let taking = false;
  const take = (): void => {
    const before = told.read(store.getState());
    const next = { ...store.getState(), ...told.write(store.getState(), book.options()) };
    if (Object.keys(changes(before, told.read(next))).length === 0) return;
    taking = true;
    store.setState(next);
    taking = false;
  };
  const give = (now: S, before: S): void => {
    if (!taking && now !== before) book.set(changes(told.read(before), told.read(now)));
  };
  take();
  const ends = [store.subscribe(give), book.subscribe(take)];
  return () => ends.forEach((end) => end());
}

/** What is different now; what is gone is let go. */
function changes(before: Options, now: Options): Options {
  const gone = Object.keys(before).filter((name) => !(name in now));
  return { ...Object.fromEntries(gone.map((name) => [name, LET_GO])), ...Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value)) };
}
