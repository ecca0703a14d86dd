import { describe, expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { readSkeleton, type Skeleton } from "@/core/skeleton";
import { SIZE } from "@/modes/testing";
import { Session } from "@/modes/session";
import type { PointsShape } from "./shape";

function named(...names: readonly string[]): Skeleton {
  const skeleton = readSkeleton({ points: names.map((name) => ({ name, x: 0.5, y: 0.5 })) });
  if (!skeleton) throw new Error("a skeleton has points");
  return skeleton;
}

const FACE: PointsShape = { type: "points", points: [{ name: "nose", x: 10, y: 10, v: 2 }, { name: "ear", x: 20, y: 5, v: 1 }] };

function sessionWith(skeletons: ReadonlyMap<number, Skeleton>): Session {
  return new Session({ size: SIZE, document: documentOf([humanAnnotation("a", 1, FACE)]), label: 1, thresholds: { all: 0.5, byLabel: {} }, skeletons });
}

describe("another label for an object of named points", () => {
  it("keeps the points that both have, drops the others, and lacks the rest", () => {
    const session = sessionWith(new Map([[2, named("wrist", "nose")]]));
    session.relabel(["a"], 2);
    expect(session.document().get("a")).toMatchObject({ label: 2, shape: { points: [{ name: "wrist", v: 0 }, { name: "nose", x: 10, y: 10, v: 2 }] } });
    expect(session.store.getState().notice).toContain("dropped");
    session.undo();
    expect(session.document().get("a")).toMatchObject({ label: 1, shape: FACE });
  });

  it("does not empty an object that shares no point with the label, and says so", () => {
    const session = sessionWith(new Map([[2, named("wrist")]]));
    session.relabel(["a"], 2);
    expect(session.document().get("a")).toMatchObject({ label: 1, shape: FACE });
    expect(session.store.getState().notice).toContain("keeps its label");
  });

  it("keeps every name where the label has no skeleton", () => {
    const session = sessionWith(new Map());
    session.relabel(["a"], 2);
    expect(session.document().get("a")).toMatchObject({ label: 2, shape: FACE });
  });
});
