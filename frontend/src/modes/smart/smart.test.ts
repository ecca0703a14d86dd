import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import { IDLE, type AssistAnswer, type Assistant, type AssistRequest, type AssistStatus, type PromptableModel } from "@/core/assistant";
import { documentOf } from "@/core/document";
import type { PointerInput } from "@/core/mode";
import type { Bounds, Point } from "@/core/types";
import type { MaskShape } from "@/shapes/mask/shape";
import { columnsOfRuns } from "@/shapes/mask/columns";
import { maskOf } from "@/shapes/mask/geometry";
import { shapeCommands, toolNamed } from "@/shapes/kinds";
import { Session } from "../session";
import { METHOD, methodOf, MODEL } from "./settings";
import { areaBetween, areaOf, longer, requestOf, withoutLast, type Step } from "./marks";

const SIZE = { width: 40, height: 30 };
const at = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput => ({ at: [x, y], reach: 2, shift: false, alt: false, ctrl: false, ...more });
const press = (name: string) => ({ key: name, shift: false, ctrl: false, alt: false });

function maskAt(row: number): MaskShape {
  const mask = maskOf(columnsOfRuns([row, 5, SIZE.width * SIZE.height - row - 5], SIZE.width, SIZE.height));
  if (!mask) throw new Error("empty");
  return mask;
}

/** The server's part, answered by hand. */
class HandAssistant implements Assistant {
  readonly status = createStore<AssistStatus>(() => IDLE);
  readonly asked: { readonly request: AssistRequest; readonly signal: AbortSignal; answer: (answer: AssistAnswer) => void; refuse: (error: Error) => void }[] = [];
  readonly prepared: (number | null)[] = [];

  constructor(private readonly models: readonly PromptableModel[] = []) {}

  learn(): Promise<void> {
    this.status.setState({ models: this.models });
    return Promise.resolve();
  }

  extract(request: AssistRequest, signal: AbortSignal): Promise<AssistAnswer> {
    return new Promise((answer, refuse) => this.asked.push({ request, signal, answer, refuse }));
  }

  prepare(model: number | null): Promise<void> {
    this.prepared.push(model);
    return Promise.resolve();
  }

  inSight(): Bounds {
    return [0, 0, SIZE.width, SIZE.height];
  }

  /** Answer the last question. */
  async answer(answer: Partial<AssistAnswer> = {}, which = this.asked.length - 1): Promise<void> {
    this.asked[which]?.answer({ shape: maskAt(3), confidence: 0.9, took_ms: 100, ...answer });
    await settled();
  }

  get last(): AssistRequest {
    const last = this.asked.at(-1);
    if (!last) throw new Error("nothing was asked");
    return last.request;
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

async function smart(models: readonly PromptableModel[] = [], label: number | null = 1): Promise<{ on: Session; assistant: HandAssistant }> {
  const assistant = new HandAssistant(models);
  let made = 0;
  const on = new Session({ size: SIZE, document: documentOf([]), label, thresholds: { all: 0.5, byLabel: {} }, assistant, newId: () => `new${++made}` });
  on.setMode("draw-smart");
  await settled();
  return { on, assistant };
}

const SAM: readonly PromptableModel[] = [{ id: 7, name: "MobileSAM" }];

function drag(on: Session, path: readonly Point[], more: Partial<PointerInput> = {}): void {
  const [first, ...rest] = path.map(([x, y]) => at(x, y, more));
  if (!first || !on.alive.press(first)) throw new Error("the press was not taken");
  rest.forEach((input) => on.alive.drag(input));
  on.alive.release(rest.at(-1) ?? first);
}

function click(on: Session, x: number, y: number, more: Partial<PointerInput> = {}): void {
  if (on.alive.press(at(x, y, more))) on.alive.release(at(x, y, more));
  on.alive.click(at(x, y, more));
}

function run(on: Session, id: string): void {
  const command = shapeCommands().find((one) => one.id === id);
  if (!command?.when(on)) throw new Error(`${id} does not apply`);
  command.run(on);
}

const hint = (on: Session): string => on.store.getState().overlay.hint ?? "";
const AREA: readonly Point[] = [[5, 5], [30, 25]];

describe("GrabCut", () => {
  it("asks with the work area and the strokes, goes on from the last answer, and makes a mask of the current label", async () => {
    const { on, assistant } = await smart();
    drag(on, AREA);
    drag(on, [[10, 10], [12, 10], [14, 10]]);
    run(on, "smart-side");
    drag(on, [[28, 20], [29, 22]]);
    expect(assistant.asked).toHaveLength(0);
    run(on, "smart-extract");
    expect(assistant.last).toEqual({
      tool: "grabcut", roi: [5, 5, 30, 25], polygon: false,
      prompts: { points: [], foreground: [[[10, 10], [12, 10], [14, 10]]], background: [[[28, 20], [29, 22]]], brush_px: 2 },
    });
    await assistant.answer({ shape: maskAt(3), took_ms: 2_000 });
    drag(on, [[7, 7], [9, 9]], { alt: true });
    expect(assistant.asked).toHaveLength(1);
    run(on, "smart-extract");
    expect(assistant.last.mask).toEqual(maskAt(3));
    expect(assistant.last.prompts.foreground).toHaveLength(2);
    await assistant.answer({ shape: maskAt(6) });
    run(on, "smart-extract");
    expect(on.document().get("new1")).toMatchObject({ label: 1, shape: maskAt(6), origin: "human", review: "accepted" });
    expect(on.selection()).toEqual(["new1"]);
    expect(on.alive.name).toBe("draw-smart");
  });

  it("begins each thing on the thing, whatever side corrected the one before", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 10, 10);
    await assistant.answer({ shape: maskAt(3) });
    run(on, "smart-side");
    click(on, 30, 5);
    await assistant.answer({ shape: maskAt(4) });
    run(on, "smart-done");
    click(on, 12, 12);
    expect(assistant.last.prompts.points).toEqual([{ x: 12, y: 12, positive: true }]);
    run(on, "smart-side");
    on.setMode("select");
    on.setMode("draw-smart");
    await settled();
    click(on, 14, 14);
    expect(assistant.last.prompts.points).toEqual([{ x: 14, y: 14, positive: true }]);
    on.alive.key({ key: "Escape", shift: false, ctrl: false, alt: false });
    on.alive.key({ key: "Escape", shift: false, ctrl: false, alt: false });
    click(on, 14, 14, { secondary: true });
    expect(hint(on)).toContain("mark the thing itself");
  });

  it("asks again after each stroke once answers come quickly, unless a person does not want that", async () => {
    const { on, assistant } = await smart();
    drag(on, AREA);
    run(on, "smart-extract");
    await assistant.answer({ took_ms: 200 });
    drag(on, [[10, 10], [14, 10]]);
    expect(assistant.asked).toHaveLength(2);
    await assistant.answer();
    on.settings.set({ name: "smart.live", initial: true }, false);
    drag(on, [[10, 12], [14, 12]]);
    expect(assistant.asked).toHaveLength(2);
  });

  it("draws a work area by two clicks, for fingers", async () => {
    const { on, assistant } = await smart();
    click(on, 5, 6);
    click(on, 20, 22);
    run(on, "smart-extract");
    expect(assistant.last.roi).toEqual([5, 6, 20, 22]);
  });
});

describe("a promptable model", () => {
  it("looks at the image when the tool is taken, and answers the first click", async () => {
    const { on, assistant } = await smart(SAM);
    expect(assistant.prepared).toEqual([7]);
    click(on, 12, 13);
    expect(assistant.last).toMatchObject({ tool: "model", model: 7, roi: [0, 0, 40, 30], prompts: { points: [{ x: 12, y: 13, positive: true }] } });
    click(on, 20, 13, { alt: true });
    click(on, 22, 13, { secondary: true });
    expect(assistant.last.prompts.points.map((point) => point.positive)).toEqual([true, false, false]);
  });

  it("takes a dragged box alone, and strokes after it", async () => {
    const { on, assistant } = await smart(SAM);
    drag(on, AREA);
    expect(assistant.last.prompts).toMatchObject({ box: [5, 5, 30, 25], points: [] });
    drag(on, [[10, 10], [14, 10]]);
    expect(assistant.last.prompts.foreground).toEqual([[[10, 10], [14, 10]]]);
  });

  it("hears the newest answer alone, and ends the question before", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 12, 13);
    click(on, 14, 13);
    expect(assistant.asked[0]?.signal.aborted).toBe(true);
    await assistant.answer({ shape: maskAt(6) }, 1);
    await assistant.answer({ shape: maskAt(3) }, 0);
    run(on, "smart-done");
    expect(on.document().get("new1")?.shape).toEqual(maskAt(6));
  });

  it("keeps the polygon instead where a person wants polygons", async () => {
    const { on, assistant } = await smart(SAM);
    on.settings.set({ name: "smart.polygon", initial: false }, true);
    click(on, 12, 13);
    expect(assistant.last.polygon).toBe(true);
    const polygon = { type: "polygon" as const, polygons: [[[[1, 1], [5, 1], [5, 5], [1, 1]] as Point[]]] };
    await assistant.answer({ polygon });
    run(on, "smart-done");
    expect(on.document().get("new1")?.shape).toEqual(polygon);
  });

  it("is done as soon as the answer is there when Done came first", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 12, 13);
    run(on, "smart-done");
    expect(on.document().size).toBe(0);
    await assistant.answer();
    expect(on.document().size).toBe(1);
  });
});

describe("Enter while the answer is on its way", () => {
  it("keeps what comes after a click", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 12, 13);
    run(on, "smart-extract");
    expect(assistant.asked).toHaveLength(1);
    await assistant.answer();
    expect(on.document().size).toBe(1);
  });

  it("does not ask GrabCut twice, and keeps nothing unseen", async () => {
    const { on, assistant } = await smart();
    drag(on, AREA);
    run(on, "smart-extract");
    run(on, "smart-extract");
    expect(assistant.asked).toHaveLength(1);
    await assistant.answer();
    expect(on.document().size).toBe(0);
  });
});

describe("stepping back", () => {
  it("goes through the marks with Escape, then leaves", async () => {
    const { on, assistant } = await smart();
    drag(on, AREA);
    drag(on, [[10, 10], [14, 10]]);
    run(on, "smart-extract");
    on.key(press("Escape"));
    expect(assistant.asked[0]?.signal.aborted).toBe(true);
    on.key(press("Escape"));
    on.key(press("Escape"));
    expect(on.alive.name).toBe("draw-smart");
    expect(hint(on)).toContain("work area");
    on.key(press("Escape"));
    expect(on.alive.name).toBe("select");
  });

  it("takes the last mark back with Ctrl and Z before the history is touched", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 12, 13);
    await assistant.answer();
    click(on, 14, 13);
    expect(on.key({ ...press("z"), ctrl: true })).toBe(true);
    expect(assistant.last.prompts.points).toHaveLength(1);
    await assistant.answer();
    expect(on.key({ ...press("z"), ctrl: true })).toBe(true);
    expect(on.key({ ...press("z"), ctrl: true })).toBe(false);
  });

  it("forgets everything when another mode is chosen, answers on their way too", async () => {
    const { on, assistant } = await smart(SAM);
    click(on, 12, 13);
    on.setMode("select");
    await assistant.answer();
    expect(assistant.asked[0]?.signal.aborted).toBe(true);
    expect(assistant.status.getState()).toMatchObject({ busy: false, ready: false });
    expect(on.store.getState().overlay.paint).toBeUndefined();
  });
});

describe("what may go wrong", () => {
  it("tells the server's own words in the hint line, and the next mark clears them", async () => {
    const { on, assistant } = await smart();
    drag(on, AREA);
    run(on, "smart-extract");
    assistant.asked[0]?.refuse(new Error("Nothing stands out here."));
    await settled();
    expect(hint(on)).toBe("Nothing stands out here.");
    drag(on, [[10, 10], [14, 10]]);
    expect(hint(on)).not.toContain("stands out");
    run(on, "smart-extract");
    expect(assistant.asked).toHaveLength(2);
  });

  it("says what is missing instead of asking", async () => {
    const { on, assistant } = await smart();
    run(on, "smart-extract");
    expect(hint(on)).toContain("work area around the thing first");
    run(on, "smart-done");
    expect(hint(on)).toContain("nothing to keep");
    run(on, "smart-method");
    expect(hint(on)).toContain("no model that answers clicks");
    expect(assistant.asked).toHaveLength(0);
  });

  it("asks the model that was chosen, and goes from one to the next by key, GrabCut last", async () => {
    const { on, assistant } = await smart([...SAM, { id: 12, name: "Ships" }]);
    const first = SAM[0]?.id ?? 0;
    click(on, 12, 13);
    expect(assistant.last.model).toBe(first);
    run(on, "smart-method");
    expect(assistant.last.model).toBe(12);
    expect(assistant.prepared.at(-1)).toBe(12);
    run(on, "smart-method");
    expect(methodOf(on.settings.get(METHOD), assistant.status.getState())).toBe("grabcut");
    run(on, "smart-method");
    expect(assistant.last.model).toBe(first);
    on.settings.set(MODEL, "12");
    on.alive.act?.("smart-chosen");
    expect(assistant.last.model).toBe(12);
  });

  it("falls back to the first model when the chosen one is no longer there", async () => {
    const { on, assistant } = await smart(SAM);
    on.settings.set(MODEL, "12");
    click(on, 12, 13);
    expect(assistant.last.model).toBe(SAM[0]?.id);
  });

  it("keeps the outline when there is no label yet", async () => {
    const { on, assistant } = await smart(SAM, null);
    click(on, 12, 13);
    await assistant.answer();
    run(on, "smart-done");
    expect(hint(on)).toBe("Choose a label first.");
    on.setLabel(4);
    run(on, "smart-done");
    expect(on.document().get("new1")?.label).toBe(4);
  });
});

describe("marks", () => {
  const point = fc.tuple(fc.double({ min: -5, max: 45, noNaN: true }), fc.double({ min: -5, max: 35, noNaN: true })) as fc.Arbitrary<Point>;
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant("point" as const), at: point, positive: fc.boolean() }),
    fc.record({ kind: fc.constant("stroke" as const), points: fc.array(point, { minLength: 1, maxLength: 5 }), positive: fc.boolean() }),
    fc.tuple(point, point).map(([a, b]): Step => ({ kind: "area", area: areaBetween(a, b, SIZE) ?? [0, 0, 10, 10] })),
  );
  const asking = { model: 7, brush_px: 3, polygon: false, sight: [0, 0, 40, 30] as Bounds, before: null };

  it("ask about a region that holds every one of them, for a model", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const request = requestOf(steps, { ...asking, method: "model" });
        if (!request) return;
        const [x0, y0, x1, y1] = request.roi;
        for (const { x, y } of request.prompts.points) expect(x >= x0 && x <= x1 && y >= y0 && y <= y1).toBe(true);
      }),
    );
  });

  it("are taken back one by one, down to nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const back = steps.reduce<readonly Step[]>((kept) => withoutLast(kept), steps);
        expect(back).toEqual([]);
        expect(areaOf(back)).toBeNull();
      }),
    );
  });

  it("make areas inside the image, and strokes that stay short enough to send", () => {
    fc.assert(
      fc.property(point, point, (a, b) => {
        const area = areaBetween(a, b, SIZE);
        if (area) expect(area[0] >= 0 && area[1] >= 0 && area[2] <= 40 && area[3] <= 30 && area[2] - area[0] >= 4).toBe(true);
      }),
    );
    let stroke: readonly Point[] = [];
    for (let n = 0; n < 10_000; n += 1) stroke = longer(stroke, [n, n], 1);
    expect(stroke.length).toBeLessThanOrEqual(2_001);
    expect(stroke.at(-1)).toEqual([9_999, 9_999]);
  });
});

it("is offered in segmentation, with a key of its own", () => {
  expect(toolNamed("smart")).toMatchObject({ shape: "mask", keys: ["Q"], tasks: ["segmentation"] });
});
