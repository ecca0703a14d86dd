import { describe, expect, it, vi } from "vitest";
import type { Changed } from "@/api/gallery";
import { ApiProblem, Unreachable } from "@/api/problems";
import type { Run } from "@/api/types";
import { operation } from "./labeling";
import { labelingWire, type Server } from "./labelingWire";

const runOf = (state: Run["state"], result: Record<string, unknown> = {}): Run => ({ id: 3, state, result }) as unknown as Run;
const changed = (run: Run | null = null): Changed => ({ change: { id: 9, title: "", images: 1, left_out: 0, left_alone: 0 }, run, missing: [] }) as unknown as Changed;

function setUp(server: Partial<Server>) {
  const tells = { inBackground: vi.fn(), leftOut: vi.fn(), leftAlone: vi.fn(), gone: vi.fn(), cutShort: vi.fn(), away: vi.fn() };
  const waits: number[] = [];
  const missing = () => Promise.reject(new Error("not asked for here"));
  const wire = labelingWire({ label: () => missing, undo: missing, run: missing, ...server }, tells, (ms) => {
    waits.push(ms);
    return Promise.resolve();
  });
  return { wire, tells, waits };
}

describe("the way of a labeling to the server", () => {
  it("asks again with the same key while the server is away, and says so once", async () => {
    const keys: string[] = [];
    const { wire, tells, waits } = setUp({
      label: (_images, _operation, key) => () => {
        keys.push(key);
        if (keys.length === 1) return Promise.reject(new Unreachable());
        if (keys.length === 2) return Promise.reject(new ApiProblem(502, {}));
        return Promise.resolve(changed());
      },
    });
    expect(await wire.label([1], operation({ add: [7] }))).toBe(9);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(waits).toEqual([500, 1000]);
    expect(tells.away).toHaveBeenCalledTimes(1);
  });

  it("tells which images were gone, and goes on with the rest", async () => {
    const { wire, tells } = setUp({ label: () => () => Promise.resolve({ ...changed(), missing: [4, 5] }) });
    expect(await wire.label([3, 4, 5], operation({ add: [7] }))).toBe(9);
    expect(tells.gone).toHaveBeenCalledExactlyOnceWith([4, 5]);
  });

  it("passes a refusal on at once", async () => {
    const label = vi.fn(() => Promise.reject(new ApiProblem(403, { detail: "No." })));
    const { wire } = setUp({ label: () => label });
    await expect(wire.label([1], operation({ add: [7] }))).rejects.toThrow("No.");
    expect(label).toHaveBeenCalledTimes(1);
  });

  it("is over when the run is, and tells what the run left out", async () => {
    const states = [runOf("running"), runOf("succeeded", { left_out: 2 })];
    const run = vi.fn(() => Promise.resolve(states.shift() ?? runOf("failed")));
    const { wire, tells } = setUp({ label: () => () => Promise.resolve(changed(runOf("queued"))), run });
    await wire.label([1, 2], operation({ add: [7] }));
    expect(run).toHaveBeenCalledTimes(2);
    expect(tells.inBackground).toHaveBeenCalledWith(2);
    expect(tells.leftOut).toHaveBeenCalledWith(2);
    expect(tells.cutShort).not.toHaveBeenCalled();
  });

  it("keeps the way back of a run that was stopped in the middle", async () => {
    const { wire, tells } = setUp({ label: () => () => Promise.resolve(changed(runOf("queued"))), run: () => Promise.resolve(runOf("cancelled")) });
    expect(await wire.label([1], operation({ add: [7] }))).toBe(9);
    expect(tells.cutShort).toHaveBeenCalledTimes(1);
  });

  it("takes an undo for done whose answer was lost, but not one that somebody else made", async () => {
    const already = new ApiProblem(409, { code: "undone_already", detail: "Undone." });
    const undo = vi.fn<Server["undo"]>().mockRejectedValueOnce(new Unreachable()).mockRejectedValue(already);
    const { wire } = setUp({ undo });
    await wire.undo(9);
    await expect(wire.undo(9)).rejects.toThrow("Undone.");
  });

  it("waits for a first try that is still at work, but not for ever", async () => {
    const label = vi.fn<() => Promise<Changed>>().mockRejectedValueOnce(new Unreachable()).mockRejectedValue(new ApiProblem(409, { code: "still_at_work", detail: "Busy." }));
    const { wire } = setUp({ label: () => label });
    await expect(wire.label([1], operation({ add: [7] }))).rejects.toThrow("Busy.");
    expect(label.mock.calls.length).toBe(8);
  });
});
