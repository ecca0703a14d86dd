import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import { type Choices, choicesFrom, chosen, merged, MOST_CHOICES, NO_CHOICES, optionsOf, sameChoices, timesOf } from "./choices";
import { follow, ViewBook } from "./view-book";

const name = fc.constantFrom("a", "b", "c");
const choice = fc.record({ value: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.constantFrom("x", "y")), at_ms: fc.integer({ min: 0, max: 4 }) });
const choices: fc.Arbitrary<Choices> = fc.dictionary(name, choice, { maxKeys: 3 });

describe("choices of several browsers", () => {
  it("become the same in whatever order they meet", () => {
    fc.assert(
      fc.property(choices, choices, choices, (a, b, c) => {
        expect(sameChoices(merged(a, b), merged(b, a))).toBe(true);
        expect(sameChoices(merged(merged(a, b), c), merged(a, merged(b, c)))).toBe(true);
        expect(sameChoices(merged(a, a), a)).toBe(true);
      }),
    );
  });

  it("keep the later one of each option", () => {
    expect(optionsOf(merged({ a: { value: 1, at_ms: 5 }, b: { value: 1, at_ms: 5 } }, { a: { value: 2, at_ms: 6 }, b: { value: 2, at_ms: 4 } }))).toEqual({ a: 2, b: 1 });
  });

  it("a choice wins over what it replaces, even by a clock that is behind", () => {
    const seen = { a: { value: 1, at_ms: 1_000_000 } };
    expect(optionsOf(merged(seen, chosen(seen, { a: 2 }, 10)))).toEqual({ a: 2 });
    expect(chosen(seen, { a: 1 }, 2_000_000)).toBe(seen);
  });

  it("survive the way through the preferences", () => {
    fc.assert(fc.property(choices, (a) => void expect(choicesFrom(optionsOf(a), timesOf(a))).toEqual({ ...a })));
    expect(choicesFrom({ a: true, b: [1], c: null, d: Number.NaN })).toEqual({ a: { value: true, at_ms: 0 } });
  });

  it("are never more than the server takes: those not touched for longest go", () => {
    let many = NO_CHOICES;
    for (let n = 0; n < MOST_CHOICES + 5; n += 1) many = chosen(many, { [`option ${n}`]: n }, 1000 + n);
    expect(Object.keys(many)).toHaveLength(MOST_CHOICES);
    expect(many["option 4"]).toBeUndefined();
    expect(many["option 5"]).toBeDefined();
  });
});

class Away extends Error {}

/** A server with one person's choices, which can be out of reach. */
class Server {
  kept: Choices = NO_CHOICES;
  away = false;
  refuses = false;
  calls = 0;
  readonly exchange = async (change: (theirs: Choices) => Choices): Promise<Choices> => {
    this.calls += 1;
    await Promise.resolve();
    if (this.away) throw new Away();
    if (this.refuses) throw new Error("too much");
    this.kept = change(this.kept);
    return this.kept;
  };
}

/** A browser: its storage outlives its pages. */
class Browser {
  readonly storage = new Map<number, Choices>();

  constructor(
    private readonly server: Server,
    private readonly clock: { now: number },
  ) {}

  page(person = 1): ViewBook {
    const book = new ViewBook({
      read: (who) => this.storage.get(who) ?? NO_CHOICES,
      write: (who, what) => void this.storage.set(who, what),
      exchange: this.server.exchange,
      isAway: (error) => error instanceof Away,
      now_ms: () => (this.clock.now += 1),
    });
    book.open(person);
    return book;
  }
}

describe("the book of a person's view", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const set_up = () => {
    const server = new Server();
    const clock = { now: 1000 };
    return { server, here: new Browser(server, clock), there: new Browser(server, clock) };
  };
  const rest = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2500);

  it("is the same in another browser", async () => {
    const { here, there } = set_up();
    const first = here.page();
    first.set({ opacity: 0.5, names: "all" });
    await rest();
    const second = there.page();
    await rest();
    expect(second.options()).toEqual({ opacity: 0.5, names: "all" });
    second.set({ opacity: 0.7 });
    await rest();
    expect(here.page().options()).toEqual({ opacity: 0.5, names: "all" });
    const again = here.page();
    await rest();
    expect(again.options()).toEqual({ opacity: 0.7, names: "all" });
  });

  it("loses nothing that was chosen offline, not even over a closed tab, and the later choice stays", async () => {
    const { server, here, there } = set_up();
    server.away = true;
    const closed = here.page();
    closed.set({ opacity: 0.1, grid: false });
    await rest();
    server.away = false;
    // Elsewhere one of the two is chosen later.
    there.page().set({ opacity: 0.9 });
    await rest();
    here.page();
    await rest();
    expect(optionsOf(server.kept)).toEqual({ opacity: 0.9, grid: false });
  });

  it("asks again while the server is away, and at once when the network is back", async () => {
    const { server, here } = set_up();
    server.away = true;
    const book = here.page();
    book.set({ opacity: 0.2 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.calls).toBeGreaterThan(2);
    server.away = false;
    book.wake();
    await vi.advanceTimersByTimeAsync(1);
    expect(optionsOf(server.kept)).toEqual({ opacity: 0.2 });
  });

  it("stays this browser's own where the server refuses it", async () => {
    const { server, here } = set_up();
    server.refuses = true;
    const book = here.page();
    book.set({ opacity: 0.2 });
    await rest();
    const { calls } = server;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(server.calls).toBe(calls);
    expect(here.page().options()).toEqual({ opacity: 0.2 });
  });

  it("keeps two people in one browser apart", async () => {
    const { here } = set_up();
    const book = here.page(1);
    book.set({ opacity: 0.2 });
    book.open(2);
    expect(book.options()).toEqual({});
  });

  it("lets a store follow: what is chosen here goes out, what came from elsewhere comes in, and nothing echoes", async () => {
    const { server, here, there } = set_up();
    const make = (book: ViewBook) => {
      const store = createStore<{ size: number; own: number; by: Record<string, number> }>(() => ({ size: 1, own: 0, by: {} }));
      follow(book, store, {
        read: ({ size, by }) => ({ size, ...by }),
        write: (_state, options) => ({ ...(typeof options["size"] === "number" ? { size: options["size"] } : {}), by: { ...(typeof options["x"] === "number" ? { x: options["x"] } : {}) } }),
      });
      return store;
    };
    const page = here.page();
    const one = make(page);
    const other = make(page);
    await rest();
    expect(server.kept).toEqual({});
    one.setState({ size: 3, own: 5, by: { x: 1 } });
    expect(other.getState()).toEqual({ size: 3, own: 0, by: { x: 1 } });
    await rest();
    const far = there.page();
    const third = make(far);
    await rest();
    expect(third.getState()).toEqual({ size: 3, own: 0, by: { x: 1 } });
    third.setState({ by: {} });
    await rest();
    const { calls } = server;
    page.wake();
    await rest();
    expect(one.getState()).toEqual({ size: 3, own: 5, by: {} });
    expect(server.calls).toBe(calls + 1);
  });
});
