import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Bounds } from "@/core/types";
import type { Viewer } from "@/render/viewer";
import { askedIn, beginAtArea, finishArea, jumpToArea, learnWhy } from "./asked";
import type { Workspace } from "./workspace";

const AREAS: readonly Bounds[] = [[0, 0, 10, 10], [50, 50, 60, 60]];
let answers: (() => Response)[] = [];
let asked = 0;

/** A viewer that notes where it was sent. */
function watching(session: unknown): { viewer: Viewer; seen: Bounds[]; frames: string[] } {
  const seen: Bounds[] = [];
  const frames: string[] = [];
  const viewer = { isShowing: (other: unknown) => other === session, zoomTo: (bounds: Bounds) => seen.push(bounds), setFrame: ({ text }: { text: string }) => frames.push(text) };
  return { viewer: viewer as unknown as Viewer, seen, frames };
}

function image(): Workspace {
  return { image: { id: 7 }, session: {} } as unknown as Workspace;
}

function told(areas: readonly Bounds[]): Response {
  const ranked = { round: 2, rank: 1, size: 4, score: 0.5, parts: {}, why: "Unsure.", strategy: "Margin", areas: areas.map((bounds, n) => ({ bounds, score: 0.5, why: `Area ${n}`, done: false })) };
  return Response.json({ ranked, withheld: false, areas_teach: true, neighbours: [], looked_at: true });
}

beforeEach(() => {
  asked = 0;
  answers = [];
  vi.stubGlobal("fetch", () => {
    asked += 1;
    return Promise.resolve((answers.shift() ?? (() => told(AREAS)))());
  });
});

describe("areas that a round asks about", () => {
  it("open at the first one and go round with the key", async () => {
    const workspace = image();
    const { viewer, seen, frames } = watching(workspace.session);
    await beginAtArea(workspace, viewer);
    expect(await jumpToArea(workspace, viewer, 1)).toBe("Area 1");
    expect(await jumpToArea(workspace, viewer, 1)).toBe("Area 0");
    expect(await jumpToArea(workspace, viewer, -1)).toBe("Area 1");
    expect(seen).toEqual([AREAS[0], AREAS[1], AREAS[0], AREAS[1]]);
    expect(frames.at(-1)).toBe("Asked about: 2 of 2");
    expect(asked).toBe(1);
  });

  it("are handed in one by one, and the next that is open comes up until none is", async () => {
    const handed: Bounds[] = [];
    const workspace = { image: { id: 7 }, session: {}, handIn: (bounds: Bounds) => Promise.resolve(handed.push(bounds) > 2 ? "Too many." : "") } as unknown as Workspace;
    const { viewer, seen } = watching(workspace.session);
    expect(await finishArea(workspace, viewer)).toContain("no area to hand in");
    await beginAtArea(workspace, viewer);
    await jumpToArea(workspace, viewer, 1);
    expect(await finishArea(workspace, viewer)).toBe("Handed in; 1 to go.");
    expect(askedIn(workspace).getState()).toMatchObject({ at: 0, areas: [{ done: false }, { done: true }] });
    expect(await finishArea(workspace, viewer)).toContain("All areas are handed in");
    expect(handed).toEqual([AREAS[1], AREAS[0]]);
    expect(seen).toEqual([AREAS[0], AREAS[1], AREAS[0]]);
    expect(await finishArea(workspace, viewer)).toBe("Too many.");
  });

  it("leave a person alone who went to an area before the answer was there", async () => {
    const workspace = image();
    const { viewer, seen } = watching(workspace.session);
    await Promise.all([jumpToArea(workspace, viewer, 1), beginAtArea(workspace, viewer)]);
    expect(seen).toEqual([AREAS[0]]);
  });

  it("move nothing once another image is shown", async () => {
    const workspace = image();
    const { viewer, seen } = watching({});
    await beginAtArea(workspace, viewer);
    expect(seen).toEqual([]);
    expect(askedIn(workspace).getState().at).toBeNull();
  });

  it("say so where there are none", async () => {
    answers = [() => told([])];
    const workspace = image();
    expect(await jumpToArea(workspace, watching(workspace.session).viewer, 1)).toBe("No round asks about an area of this image.");
  });

  it("are asked for again after the server failed", async () => {
    answers = [() => Response.json({ title: "Broken", status: 500, detail: "Try again." }, { status: 500, headers: { "Content-Type": "application/problem+json" } })];
    const workspace = image();
    await learnWhy(workspace);
    expect(askedIn(workspace).getState().failed).not.toBe("");
    await learnWhy(workspace);
    expect(askedIn(workspace).getState()).toMatchObject({ failed: "", areas: [{ why: "Area 0" }, { why: "Area 1" }] });
  });
});
