import { expect, it } from "vitest";
import { filled } from "./client";
import { cursorOf } from "./pages";

it("the cursor is read out of the next page's address", () => {
  expect(cursorOf("http://host/api/v1/runs?cursor=cD0x&page_size=5")).toBe("cD0x");
  expect(cursorOf("cD0x")).toBe("cD0x");
  expect(cursorOf(null)).toBeNull();
  expect(cursorOf(undefined)).toBeNull();
});

it("a filter that says nothing is not sent", () => {
  expect(filled({ state: "", q: "sea", label: [], split: null, page: 0 })).toEqual({ q: "sea", page: 0 });
});
