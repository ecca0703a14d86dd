import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Skeleton } from "@/core/skeleton";
import { added, asDocument, edgeToggled, EMPTY, flipped, freePlace, guessed, nameProblem, neighbours, parsed, placed, removed, renamed, shifted } from "./drafts";
import { PRESETS } from "./presets";

const names = (skeleton: Skeleton): string[] => skeleton.points.map(({ name }) => name);
/** What the server asks of every skeleton. */
function isSound({ points, edges, flip, sigmas }: Skeleton): boolean {
  const known = new Set(points.map(({ name }) => name));
  const pairs = [...edges, ...flip];
  return (
    known.size === points.length && points.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1) && pairs.every(([a, b]) => a !== b && known.has(a) && known.has(b)) &&
    new Set(flip.flat()).size === flip.length * 2 && new Set(edges.map((edge) => [...edge].sort().join())).size === edges.length && Object.keys(sigmas ?? {}).every((name) => known.has(name))
  );
}

type Step = (skeleton: Skeleton) => Skeleton;
const pick = (skeleton: Skeleton, at: number): string => names(skeleton)[at % Math.max(1, names(skeleton).length)] ?? "";
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.double({ min: -1, max: 2, noNaN: true }), fc.double({ min: -1, max: 2, noNaN: true })).map(([x, y]): Step => (skeleton) => added(skeleton, x, y).skeleton),
  fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]): Step => (skeleton) => edgeToggled(skeleton, pick(skeleton, a), pick(skeleton, b))),
  fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]): Step => (skeleton) => (names(skeleton).length > 0 ? flipped(skeleton, pick(skeleton, a), pick(skeleton, b)) : skeleton)),
  fc.tuple(fc.nat(40), fc.string({ maxLength: 12 })).map(([a, to]): Step => (skeleton) => renamed(skeleton, pick(skeleton, a), to)),
  fc.tuple(fc.nat(40), fc.constantFrom(1 as const, -1 as const)).map(([a, by]): Step => (skeleton) => shifted(skeleton, pick(skeleton, a), by)),
  fc.nat(40).map((a): Step => (skeleton) => removed(skeleton, pick(skeleton, a))),
  fc.constant<Step>(guessed),
);

describe("a skeleton in the making", () => {
  it("is sound after any steps, from nothing or from a preset, and survives its file", () => {
    fc.assert(
      fc.property(fc.constantFrom(EMPTY, ...Object.values(PRESETS)), fc.array(step, { maxLength: 25 }), (start, steps) => {
        const skeleton = steps.reduce((now, next) => next(now), start);
        expect(isSound(skeleton)).toBe(true);
        if (skeleton.points.length > 0) expect(asDocument(parsed(JSON.stringify(asDocument(skeleton))) ?? EMPTY)).toEqual(asDocument(skeleton));
      }),
    );
  });

  it("keeps edges, pairs and sigmas with a renamed point", () => {
    const next = renamed(PRESETS.person, "left_knee", " left_patella ");
    expect(neighbours(next, "left_patella").sort()).toEqual(["left_ankle", "left_hip"]);
    expect(next.flip).toContainEqual(["left_patella", "right_knee"]);
    expect(next.sigmas?.["left_patella"]).toBe(PRESETS.person.sigmas?.["left_knee"]);
    expect(nameProblem(next, "nose", "left_eye")).toBe("taken");
    expect(renamed(next, "nose", "  ")).toBe(next);
  });

  it("connects and parts by the same step", () => {
    const [a, b] = ["nose", "left_ankle"];
    expect(edgeToggled(edgeToggled(PRESETS.person, a, b), b, a)).toEqual(PRESETS.person);
  });

  it("finds what belongs together by the names, left first", () => {
    const named = (list: string[]): Skeleton => ({ ...EMPTY, points: list.map((name) => ({ name, x: 0.5, y: 0.5 })) });
    expect(guessed(named(["right_eye", "left_eye", "nose"])).flip).toEqual([["left_eye", "right_eye"]]);
    expect(guessed(named(["eye-left", "eye-right", "Left hand", "Right hand", "lKnee", "rKnee", "L_hip", "R_hip"])).flip).toEqual([["eye-left", "eye-right"], ["Left hand", "Right hand"], ["lKnee", "rKnee"], ["L_hip", "R_hip"]]);
    expect(guessed(named(["tail", "ear", "lear", "rail"])).flip).toEqual([]);
    expect(flipped(named(["right_eye", "left_eye"]), "right_eye", "left_eye").flip).toEqual([["left_eye", "right_eye"]]);
  });

  it("puts points that come without a pointer beside each other", () => {
    const three = [0, 1, 2].reduce((now) => added(now, ...freePlace(now)).skeleton, EMPTY);
    expect(new Set(three.points.map(({ x, y }) => `${x} ${y}`)).size).toBe(3);
    expect(placed(three, "point_1", 3, -1).points[0]).toEqual({ name: "point_1", x: 1, y: 0 });
  });
});

describe("presets and files", () => {
  it("are COCO's person, a hand and a face", () => {
    expect(names(PRESETS.person)).toHaveLength(17);
    expect(PRESETS.person.edges).toHaveLength(19);
    expect(PRESETS.person.flip).toHaveLength(8);
    expect([names(PRESETS.hand).length, PRESETS.hand.edges.length, names(PRESETS.face).length, PRESETS.face.flip.length]).toEqual([21, 20, 5, 2]);
    expect(Object.values(PRESETS).every(isSound)).toBe(true);
  });

  it("read a category of COCO, alone or in its file, and nothing else", () => {
    const category = { id: 1, name: "cat", keypoints: ["nose", "left_eye", "right_eye"], skeleton: [[1, 2], [1, 3], [9, 1]] };
    for (const file of [category, { categories: [{ id: 2, name: "sky" }, category] }]) {
      expect(parsed(JSON.stringify(file))).toMatchObject({ edges: [["nose", "left_eye"], ["nose", "right_eye"]], flip: [["left_eye", "right_eye"]] });
    }
    for (const rubbish of ["", "[]", "{}", '{"points": [{"name": "a"}]}', '{"points": [{"name": "a", "x": 0, "y": 0}], "edges": [["a", "b"]]}', '{"points": 3}']) expect(parsed(rubbish)).toBeNull();
  });
});
