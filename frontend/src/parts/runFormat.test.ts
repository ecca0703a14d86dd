import { describe, expect, it } from "vitest";
import type { RunState } from "@/api/types";
import { duration, elapsed, modelOf, percent, rate, subjectOf, wayOn } from "./runFormat";

describe("a run reads as people talk", () => {
  it("durations", () => {
    expect([0.4, 45, 180, 3600, 7500, 3600 * 72].map(duration)).toEqual(["< 1 s", "45 s", "3 min", "60 min", "2 h 5 min", "3 days"]);
    expect(duration(Number.NaN)).toBe("");
  });

  it("rates", () => {
    expect([312.4, 2.34, 0.5].map(rate)).toEqual(["312/s", "2.3/s", "30.0/min"]);
    expect(rate(null)).toBe("");
    expect(rate(0)).toBe("");
  });

  it("percent is unknown while the total is, and never above 100", () => {
    const progress = { done: 5, total: null, failed: 0, rate: null, eta_s: null };
    expect(percent(progress)).toBeNull();
    expect(percent({ ...progress, total: 20 })).toBe(25);
    expect(percent({ ...progress, total: 4 })).toBe(100);
  });

  it("elapsed time ends with the run", () => {
    const started = "2026-01-01T00:00:00Z";
    expect(elapsed({ started_at: null, finished_at: null })).toBeNull();
    expect(elapsed({ started_at: started, finished_at: "2026-01-01T00:00:30Z" })).toBe(30);
    expect(elapsed({ started_at: started, finished_at: null }, Date.parse(started) + 5000)).toBe(5);
  });
});

describe("an ended run can be taken up", () => {
  const way = (kind: string, state: RunState, done: number, failed: number, total: number | null) => wayOn({ kind, state, progress: { done, failed, total, rate: null, eta_s: null } });

  it("by its failed images alone where all were asked about", () => {
    expect([way("inference", "succeeded", 75, 45, 120), way("inference", "failed", 0, 8, 8)]).toEqual(["failed", "failed"]);
    expect(way("inference", "succeeded", 120, 0, 120)).toBeNull();
  });

  it("where its process was ended under way, whether or not images had failed", () => {
    expect([way("inference", "failed", 12, 0, 120), way("inference", "failed", 12, 3, 120), way("training", "failed", 3, 0, 60), way("export", "failed", 0, 0, null)]).toEqual(["again", "again", "again", "again"]);
    expect(way("inference", "timed_out", 12, 0, 120)).toBe("again");
  });

  it("where a person stopped it", () => {
    expect(way("inference", "cancelled", 12, 0, 120)).toBe("goOn");
    expect([way("inference", "cancelled", 120, 0, 120), way("training", "cancelled", 3, 0, 60)]).toEqual([null, null]);
  });
});

describe("a run tells what it is about", () => {
  it("the model that it asks, as it was called then", () => {
    const params = { model: 7, model_name: "Islands", model_version: "2", prefill: true };
    expect(modelOf({ params })).toEqual({ id: 7, name: "Islands", version: "2" });
    expect([subjectOf({ params }), subjectOf({ params: { name: "Coast" } }), subjectOf({ params: { round: 3 } })]).toEqual(["Islands", "Coast", ""]);
    expect(modelOf({ params: { model: null } })).toBeNull();
  });
});
