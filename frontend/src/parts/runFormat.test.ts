import { describe, expect, it } from "vitest";
import { duration, elapsed, percent, rate } from "./runFormat";

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
