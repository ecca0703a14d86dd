import { expect, test } from "vitest";
import { reasonsKey } from "./runs";

test("the reasons of another try are not those of the try before, though as many images failed", () => {
  const progress = { done: 0, total: 8, failed: 8, rate: null, eta_s: null };
  const first = { id: 5, state: "failed", finished_at: "2026-01-01T10:00:00Z", progress } as const;
  const queued = { ...first, state: "queued", finished_at: null } as const;
  const second = { ...first, finished_at: "2026-01-01T10:01:00Z" } as const;
  const keys = [first, queued, second].map((run) => JSON.stringify(reasonsKey(run)));
  expect(new Set(keys).size).toBe(3);
  expect(JSON.stringify(reasonsKey({ ...second }))).toBe(keys[2]);
});
