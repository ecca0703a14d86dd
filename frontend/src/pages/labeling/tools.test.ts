import { describe, expect, it } from "vitest";
import type { Campaign } from "@/api/types";
import { toolsOf } from "./commands/tools";

function toolsIn(task: string, shapes?: readonly string[]): string[] {
  return toolsOf({ task, settings: shapes ? { shapes } : {} } as unknown as Campaign).map(({ shape }) => shape);
}

describe("the tools of a campaign", () => {
  it("are those that the server takes for its task, the one it is made for first", () => {
    expect(new Set(toolsIn("detection"))).toEqual(new Set(["box", "ellipse", "polygon", "polyline", "points"]));
    expect(new Set(toolsIn("segmentation"))).toEqual(new Set(["polygon", "mask", "box", "ellipse", "polyline", "points"]));
    expect(new Set(toolsIn("keypoints"))).toEqual(new Set(["points", "box"]));
    expect([toolsIn("detection")[0], toolsIn("segmentation")[0], toolsIn("keypoints")[0]]).toEqual(["box", "polygon", "points"]);
    expect(toolsIn("classification")).toEqual([]);
  });

  it("are those of the shapes that it chose", () => {
    expect(new Set(toolsIn("keypoints", ["points", "ellipse", "whole"]))).toEqual(new Set(["points", "ellipse"]));
  });
});
