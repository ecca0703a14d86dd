import { expect, it } from "vitest";
import { askable, labeled, percentLabeled, shares, waiting } from "./counts";

const COUNTS = { images: 480, held_back: 120, unlabeled: 300, submitted: 100, accepted: 60, returned: 20, excluded: 0 };

it("held-back and excluded images wait for nobody and count for nothing", () => {
  expect([askable(COUNTS), waiting(COUNTS), labeled(COUNTS)]).toEqual([360, 180, 160]);
  expect(askable({ ...COUNTS, unlabeled: 290, excluded: 10 })).toBe(350);
  expect(shares(COUNTS).reduce((sum, share) => sum + share.count, 0)).toBe(360);
});

it("100 percent is said only when nothing is left", () => {
  expect(percentLabeled({ ...COUNTS, held_back: 0, images: 1000, submitted: 999, accepted: 0 })).toBe(99);
  expect(percentLabeled({ ...COUNTS, held_back: 0, images: 10, submitted: 10, accepted: 0 })).toBe(100);
  expect(percentLabeled({ ...COUNTS, images: 0, held_back: 0 })).toBe(0);
});
