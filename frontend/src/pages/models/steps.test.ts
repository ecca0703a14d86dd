import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StepKind } from "@/api/types";
import { moved, newStep, numbersOf, shownParams, stepAt, stepsOf, windowsOf, withParam, without, withSteps, withWindows } from "./steps";

const step = (name: string) => ({ name, params: {} });
const names = fc.array(fc.string({ minLength: 1 }), { maxLength: 6 });

const RESIZE = {
  name: "resize",
  title: "Resize",
  phase: "pre",
  help: "",
  tasks: ["segmentation"],
  params: [
    { name: "how", title: "How", kind: "choice", default: "fit", low: null, high: null, choices: ["fit", "exact"], most: 1, help: "", when: null },
    { name: "side", title: "Side", kind: "whole", default: 1024, low: 16, high: 65536, choices: [], most: 1, help: "", when: ["how", "fit"] },
    { name: "width", title: "Width", kind: "whole", default: 640, low: 1, high: 65536, choices: [], most: 1, help: "", when: ["how", "exact"] },
  ],
} as StepKind;

describe("steps in a model's options", () => {
  it("come out as they went in, and leave everything else alone", () => {
    fc.assert(
      fc.property(names, (list) => {
        const steps = list.map(step);
        const options = withSteps({ timeout_s: 5, post: [step("nms")] }, "pre", steps);
        expect(stepsOf(options, "pre")).toEqual(steps);
        expect(stepsOf(options, "post")).toEqual([step("nms")]);
        expect(options["timeout_s"]).toBe(5);
      }),
    );
  });

  it("move by one place and back, and not beyond the ends", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }), fc.nat(5), (list, place) => {
        const steps = list.map(step);
        const at = place % steps.length;
        expect(moved(moved(steps, at, 1), at + 1, -1)).toEqual(steps);
        expect(moved(steps, 0, -1)).toBe(steps);
        expect(moved(steps, steps.length - 1, 1)).toBe(steps);
      }),
    );
  });

  it("begin with their defaults and show what their choice looks at", () => {
    const made = newStep(RESIZE);
    expect(made).toEqual({ name: "resize", params: { how: "fit", side: 1024, width: 640 } });
    expect(shownParams(RESIZE, made).map((param) => param.name)).toEqual(["how", "side"]);
    expect(shownParams(RESIZE, withParam([made], 0, "how", "exact")[0] ?? made).map((param) => param.name)).toEqual(["how", "width"]);
    expect(without([made, step("nms")], 0)).toEqual([step("nms")]);
  });

  it("pass over what is no step", () => {
    expect(stepsOf({ pre: ["s2rgb", null, { name: "bands" }] }, "pre")).toEqual([step("bands")]);
    expect(stepsOf({ pre: "s2rgb" }, "pre")).toEqual([]);
  });
});

it("reads numbers however they are parted, and nothing else", () => {
  expect(numbersOf("0.5, 1;2  3")).toEqual([0.5, 1, 2, 3]);
  expect(numbersOf("1, two")).toBeNull();
  expect(numbersOf(" ")).toBeNull();
});

it("finds the step that a judgement is about", () => {
  expect(stepAt("post.1.value")).toEqual({ phase: "post", index: 1 });
  expect(stepAt("window_px")).toBeNull();
});

it("switches windows on at a usual size, and off", () => {
  expect(windowsOf({})).toEqual({ window_px: null, overlap_px: 64 });
  const on = withWindows({ timeout_s: 5 }, true);
  expect(windowsOf(on)).toEqual({ window_px: 1024, overlap_px: 128 });
  expect(windowsOf(withWindows(on, false)).window_px).toBeNull();
});
