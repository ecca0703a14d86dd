import { describe, expect, it, vi } from "vitest";
import type { GalleryImage } from "@/api/gallery";
import { Rows } from "./rows";

/** A server whose answers wait until the test lets them go. */
class SlowServer {
  readonly asked: number[][] = [];
  private readonly waiting: (() => void)[] = [];
  names = "old";
  fails = false;

  readonly load = (ids: readonly number[]): Promise<GalleryImage[]> => {
    this.asked.push([...ids]);
    const answer = ids.map((id) => ({ id, name: `${this.names}-${id}`, labels: [] }) as unknown as GalleryImage);
    const { fails } = this;
    return new Promise((resolve, reject) => this.waiting.push(() => (fails ? reject(new Error("down")) : resolve(answer))));
  };

  async answer(): Promise<void> {
    this.waiting.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function setUp(options: Partial<ConstructorParameters<typeof Rows>[1]> = {}): { rows: Rows; server: SlowServer } {
  const server = new SlowServer();
  return { rows: new Rows(server.load, { rest_ms: 0, batch: 2, ...options }), server };
}

const rest = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("the rows of the gallery", () => {
  it("fetches only where the screen rests, in batches, and nothing twice", async () => {
    const { rows, server } = setUp({ rest_ms: 15 });
    rows.want([1, 2, 3]);
    rows.want([7, 8, 9]);
    await rest(40);
    expect(server.asked).toEqual([[7, 8], [9]]);
    rows.want([8, 9, 10]);
    await rest(40);
    expect(server.asked).toEqual([[7, 8], [9], [10]]);
    await server.answer();
    expect(rows.get(7)?.name).toBe("old-7");
    expect(rows.get(10)).toBeUndefined();
  });

  it("tells only the tiles of the rows that came", async () => {
    const { rows, server } = setUp();
    const [one, two] = [vi.fn(), vi.fn()];
    rows.subscribe(1, one);
    rows.subscribe(5, two);
    rows.want([1]);
    await rest();
    await server.answer();
    expect(one).toHaveBeenCalledTimes(1);
    expect(two).not.toHaveBeenCalled();
  });

  it("shows a change at once and keeps it until the server's word after the save arrives", async () => {
    const { rows, server } = setUp();
    rows.want([1]);
    await rest();
    await server.answer();
    rows.change(1, { name: "mine" });
    expect(rows.get(1)?.name).toBe("mine");
    rows.refresh();
    await server.answer();
    expect(rows.get(1)?.name).toBe("mine");
    server.names = "new";
    rows.settle([1]);
    expect(rows.get(1)?.name).toBe("mine");
    await server.answer();
    expect(rows.get(1)?.name).toBe("new-1");
  });

  it("a change made while the word on the one before is on its way stays", async () => {
    const { rows, server } = setUp();
    rows.want([1]);
    await rest();
    await server.answer();
    rows.change(1, { name: "first" });
    rows.settle([1]);
    rows.change(1, { name: "second" });
    await server.answer();
    expect(rows.get(1)?.name).toBe("second");
  });

  it("an answer from before a refresh is asked for again", async () => {
    const { rows, server } = setUp();
    rows.want([1]);
    await rest();
    await server.answer();
    rows.refresh();
    server.names = "newest";
    rows.settle([1]);
    await server.answer();
    await server.answer();
    expect(rows.get(1)?.name).toBe("newest-1");
  });

  it("a refused change goes, and a failed fetch is tried when it is wanted again", async () => {
    const onError = vi.fn();
    const { rows, server } = setUp({ onError });
    server.fails = true;
    rows.want([1]);
    await rest();
    await server.answer();
    expect(onError).toHaveBeenCalledTimes(1);
    server.fails = false;
    rows.want([1]);
    await rest();
    await server.answer();
    rows.change(1, { name: "mine" });
    rows.revert([1]);
    expect(rows.get(1)?.name).toBe("old-1");
  });

  it("forgets old rows that nobody looks at", async () => {
    const { rows, server } = setUp({ kept: 2, batch: 10 });
    rows.subscribe(1, () => undefined);
    rows.want([1, 2, 3, 4]);
    await rest();
    await server.answer();
    expect(rows.get(1)).toBeDefined();
    expect(rows.get(2)).toBeUndefined();
    expect(rows.get(4)).toBeDefined();
  });
});
