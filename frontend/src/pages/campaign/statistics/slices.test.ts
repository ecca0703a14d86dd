import { expect, test } from "vitest";
import { firstSlice } from "./slices";

const slice = (name: "train" | "validation" | "test" | "all", images: number, with_truth = images, measured = with_truth) => ({ slice: name, images, with_truth, measured });

test("the page opens on validation images where some are measured", () => {
  expect(firstSlice([slice("train", 9), slice("validation", 2), slice("test", 5), slice("all", 16)])).toBe("validation");
});

test("an empty slice is passed over for one that is measured", () => {
  expect(firstSlice([slice("train", 9), slice("validation", 0), slice("test", 5), slice("all", 14)])).toBe("test");
  expect(firstSlice([slice("train", 9), slice("validation", 4, 4, 0), slice("test", 5, 0), slice("all", 18, 13, 9)])).toBe("train");
});

test("where nothing is measured yet, images whose truth is known come first", () => {
  expect(firstSlice([slice("train", 0), slice("validation", 3, 0), slice("test", 5, 5, 0), slice("all", 8, 5, 0)])).toBe("test");
  expect(firstSlice([slice("train", 0), slice("validation", 0), slice("test", 0), slice("all", 0)])).toBe("validation");
});
