import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { GalleryImage } from "@/api/gallery";
import { Labeler, type LabelingWire, type Step } from "./labeler";
import { labeled, meant, operation, type Operation, type WholeLabel } from "./labeling";
import { Rows } from "./rows";

/** The labels of images on a server that keeps what each change replaced. */
class Server implements LabelingWire {
  readonly images = new Map<number, WholeLabel[]>();
  readonly calls: { images: number[]; operation: Operation }[] = [];
  private readonly before = new Map<number, Map<number, WholeLabel[]>>();
  gate: Promise<void> = Promise.resolve();
  refuses = false;

  constructor(
    ids: readonly number[],
    readonly multi: boolean,
  ) {
    for (const id of ids) this.images.set(id, []);
  }

  async label(images: readonly number[], asked: Operation): Promise<number> {
    this.calls.push({ images: [...images], operation: asked });
    await this.gate;
    if (this.refuses) throw new Error("Your role does not allow this.");
    const id = this.calls.length;
    this.before.set(id, new Map(images.map((image) => [image, this.images.get(image) ?? []])));
    for (const image of images) this.images.set(image, labeled(this.images.get(image) ?? [], asked, this.multi));
    return id;
  }

  async undo(change: number): Promise<void> {
    await this.gate;
    if (this.refuses) throw new Error("Your role does not allow this.");
    for (const [image, labels] of this.before.get(change) ?? []) this.images.set(image, labels);
  }

  readonly load = async (ids: readonly number[]): Promise<GalleryImage[]> => {
    const now = ids.map((id) => ({ id, state: "unlabeled", labels: [], whole_labels: this.images.get(id) ?? [] }) as unknown as GalleryImage);
    await Promise.resolve();
    return now;
  };
}

const until = (claim: () => void): Promise<void> => vi.waitFor(claim, { timeout: 2000, interval: 1 });

async function setUp(ids: readonly number[], multi = true) {
  const server = new Server(ids, multi);
  const rows = new Rows(server.load, { rest_ms: 0 });
  rows.want(ids);
  await until(() => expect(rows.get(ids[0] ?? 0)).toBeDefined());
  const refused = vi.fn<(message: string, step: Step) => void>();
  const labeler = new Labeler(server, rows, { multi, onSaved: () => undefined, onRefused: refused });
  const shows = (id: number): number[] => (rows.get(id)?.whole_labels ?? []).map(({ label }) => label);
  const has = (id: number): number[] => (server.images.get(id) ?? []).map(({ label }) => label);
  const done = (): Promise<void> => until(() => expect(labeler.isSafe()).toBe(true));
  return { server, rows, labeler, shows, has, refused, done };
}

function gateOf(server: Server): () => void {
  let open: () => void = () => undefined;
  server.gate = new Promise((resolve) => (open = resolve));
  return open;
}

describe("the labeler", () => {
  it("shows a press at once, before the server knows of it", async () => {
    const { server, labeler, shows, has, done } = await setUp([1, 2]);
    const open = gateOf(server);
    labeler.apply("ocean", [1], operation({ add: [7], submit: true }));
    expect(shows(1)).toEqual([7]);
    expect(has(1)).toEqual([]);
    open();
    await done();
    expect(has(1)).toEqual([7]);
  });

  it("sends presses that say the same together while one is on its way", async () => {
    const ids = Array.from({ length: 12 }, (_, at) => at + 1);
    const { server, labeler, done } = await setUp(ids);
    const open = gateOf(server);
    for (const id of ids) labeler.apply("ocean", [id], operation({ add: [7] }));
    open();
    await done();
    expect(server.calls.map((call) => call.images.length)).toEqual([1, 11]);
  });

  it("keeps the order of presses on one image", async () => {
    const { server, labeler, has, shows, done } = await setUp([1], false);
    const open = gateOf(server);
    labeler.apply("a", [1], operation({ add: [7] }));
    labeler.apply("b", [1], operation({ add: [8] }));
    labeler.apply("a", [1], operation({ add: [7] }));
    expect(shows(1)).toEqual([7]);
    open();
    await done();
    expect(has(1)).toEqual([7]);
    expect(server.calls).toHaveLength(3);
  });

  it("takes a refused press back and says why", async () => {
    const { server, labeler, shows, refused, done } = await setUp([1]);
    server.refuses = true;
    labeler.apply("ocean", [1], operation({ add: [7] }));
    expect(shows(1)).toEqual([7]);
    await done();
    expect(shows(1)).toEqual([]);
    expect(refused).toHaveBeenCalledWith("Your role does not allow this.", expect.objectContaining({ title: "ocean" }));
    expect(labeler.undo()).toBe(false);
  });

  it("undoing a press that waits never bothers the server", async () => {
    const { server, labeler, shows, has, done } = await setUp([1, 2]);
    const open = gateOf(server);
    labeler.apply("first", [1], operation({ add: [7] }));
    labeler.apply("second", [2], operation({ add: [8] }));
    labeler.undo();
    expect(shows(2)).toEqual([]);
    open();
    await done();
    expect(has(2)).toEqual([]);
    expect(server.calls).toHaveLength(1);
  });

  it("undoing a change by its number takes back all its presses at once, and none of them twice", async () => {
    const { server, labeler, has, done } = await setUp([1, 2, 3, 4]);
    const open = gateOf(server);
    for (const id of [1, 2, 3]) labeler.apply(`image ${id}`, [id], operation({ add: [7] }));
    open();
    await done();
    labeler.undoChange(2, "2 images");
    await done();
    expect([has(1), has(2), has(3)]).toEqual([[7], [], []]);
    expect(server.calls).toHaveLength(2);
    expect(labeler.undo()).toBe(true);
    await done();
    expect(has(1)).toEqual([]);
    expect(labeler.undo()).toBe(false);
  });

  it("a change of somebody else is taken back, and its refusal is said", async () => {
    const { server, labeler, has, refused, done } = await setUp([1]);
    await server.label([1], operation({ add: [7] }));
    labeler.undoChange(1, "theirs");
    await done();
    expect(has(1)).toEqual([]);
    server.refuses = true;
    labeler.undoChange(1, "theirs");
    await done();
    expect(refused).toHaveBeenCalledWith("Your role does not allow this.", expect.objectContaining({ title: "theirs" }));
  });

  it("undoing one press of several that went together leaves the others labeled", async () => {
    const { server, labeler, has, done } = await setUp([1, 2, 3]);
    const open = gateOf(server);
    for (const id of [1, 2, 3]) labeler.apply(`image ${id}`, [id], operation({ add: [7] }));
    open();
    await done();
    expect(server.calls.map((call) => call.images)).toEqual([[1], [2, 3]]);
    labeler.undo();
    await done();
    expect([has(1), has(2), has(3)]).toEqual([[7], [7], []]);
    labeler.undo();
    labeler.undo();
    await done();
    expect([has(1), has(2), has(3)]).toEqual([[], [], []]);
    expect(labeler.undo()).toBe(false);
  });

  it("ends where the presses and undos lead, however slow the server is", async () => {
    type Press = { image: number; label: number } | "undo";
    const press: fc.Arbitrary<Press> = fc.oneof({ weight: 3, arbitrary: fc.record({ image: fc.integer({ min: 1, max: 4 }), label: fc.integer({ min: 7, max: 9 }) }) }, { weight: 1, arbitrary: fc.constant("undo" as const) });
    await fc.assert(
      fc.asyncProperty(fc.array(press, { maxLength: 14 }), fc.boolean(), fc.boolean(), async (presses, multi, waits) => {
        const { server, labeler, has, shows, done } = await setUp([1, 2, 3, 4], multi);
        const open = waits ? gateOf(server) : () => undefined;
        const kept: Exclude<Press, "undo">[] = [];
        for (const one of presses) {
          if (one === "undo") {
            labeler.undo();
            kept.pop();
          } else {
            labeler.apply("press", [one.image], operation({ add: [one.label] }));
            kept.push(one);
          }
        }
        open();
        await done();
        await until(() => {
          for (const id of [1, 2, 3, 4]) {
            const wanted = kept.filter(({ image }) => image === id).reduce<WholeLabel[]>((labels, { label }) => labeled(labels, operation({ add: [label] }), multi), []);
            expect(has(id)).toEqual(wanted.map(({ label }) => label));
            expect(shows(id)).toEqual(has(id));
          }
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("a labeling", () => {
  const all = (labels: readonly WholeLabel[]): string => labels.map((one) => `${one.label}${one.default ? "*" : ""}`).join(" ");

  it("adds and takes away; with one label per image adding replaces", () => {
    const two = labeled(labeled([], operation({ add: [7] }), true), operation({ add: [3] }), true);
    expect(all(two)).toBe("3 7");
    expect(all(labeled(two, operation({ remove: [3] }), true))).toBe("7");
    expect(all(labeled([{ label: 7, default: false }], operation({ add: [3] }), false))).toBe("3");
  });

  it("pressing + again makes the default of what all images have, and of nothing else", () => {
    const [both, one] = [labeled([], operation({ add: [3, 7] }), true), labeled([], operation({ add: [7] }), true)];
    expect(meant(operation({ add: [7] }), [both, one]).default).toBe(7);
    expect(meant(operation({ add: [3] }), [both, one]).default).toBeNull();
    expect(meant(operation({ add: [7] }), [both, undefined]).default).toBeNull();
    expect(all(labeled(both, operation({ add: [7], default: 7 }), true))).toBe("3 7*");
  });

  it("a default for all that have a label touches only those", () => {
    const two = labeled([], operation({ add: [3, 7] }), true);
    expect(all(labeled(two, operation({ default_for_having: 3 }), true))).toBe("3* 7");
    expect(all(labeled(two, operation({ default_for_having: 9 }), true))).toBe("3 7");
  });

  it("never leaves two defaults", () => {
    const operations = fc.record({ add: fc.subarray([1, 2, 3]), remove: fc.subarray([1, 2, 3]), default: fc.option(fc.constantFrom(1, 2, 3)), default_for_having: fc.option(fc.constantFrom(1, 2, 3)), submit: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 8 }), fc.boolean(), (some, multi) => {
        const labels = some.reduce<WholeLabel[]>((now, one) => labeled(now, one, multi), []);
        expect(labels.filter((one) => one.default).length).toBeLessThanOrEqual(1);
        if (!multi && some.every((one) => one.add.length <= 1)) expect(labels.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
