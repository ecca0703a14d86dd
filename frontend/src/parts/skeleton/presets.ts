/** Skeletons to begin with. Left and right are the person's own, as in COCO; the template faces the viewer. */
import { guessed } from "./drafts";
import type { NamePair, Skeleton, SkeletonPoint } from "@/core/skeleton";

function pointsOf(rows: readonly (readonly [string, number, number])[]): SkeletonPoint[] {
  return rows.map(([name, x, y]) => ({ name, x, y }));
}

const PERSON_SIGMAS = [0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089];
const PERSON_POINTS = pointsOf([
  ["nose", 0.5, 0.07], ["left_eye", 0.54, 0.04], ["right_eye", 0.46, 0.04], ["left_ear", 0.6, 0.06], ["right_ear", 0.4, 0.06],
  ["left_shoulder", 0.66, 0.2], ["right_shoulder", 0.34, 0.2], ["left_elbow", 0.76, 0.36], ["right_elbow", 0.24, 0.36],
  ["left_wrist", 0.82, 0.52], ["right_wrist", 0.18, 0.52], ["left_hip", 0.6, 0.53], ["right_hip", 0.4, 0.53],
  ["left_knee", 0.62, 0.75], ["right_knee", 0.38, 0.75], ["left_ankle", 0.63, 0.97], ["right_ankle", 0.37, 0.97],
]);
const PERSON_EDGES: NamePair[] = [
  ["left_ankle", "left_knee"], ["left_knee", "left_hip"], ["right_ankle", "right_knee"], ["right_knee", "right_hip"], ["left_hip", "right_hip"],
  ["left_shoulder", "left_hip"], ["right_shoulder", "right_hip"], ["left_shoulder", "right_shoulder"], ["left_shoulder", "left_elbow"], ["right_shoulder", "right_elbow"],
  ["left_elbow", "left_wrist"], ["right_elbow", "right_wrist"], ["left_eye", "right_eye"], ["nose", "left_eye"], ["nose", "right_eye"],
  ["left_eye", "left_ear"], ["right_eye", "right_ear"], ["left_ear", "left_shoulder"], ["right_ear", "right_shoulder"],
];

const FINGERS = ["thumb", "index", "middle", "ring", "little"] as const;
const FINGER_PLACES: readonly (readonly (readonly [number, number])[])[] = [
  [[0.3, 0.8], [0.19, 0.68], [0.11, 0.57], [0.05, 0.47]],
  [[0.33, 0.5], [0.29, 0.33], [0.27, 0.2], [0.25, 0.09]],
  [[0.48, 0.47], [0.47, 0.28], [0.46, 0.14], [0.46, 0.03]],
  [[0.62, 0.5], [0.64, 0.33], [0.66, 0.2], [0.67, 0.1]],
  [[0.74, 0.57], [0.81, 0.45], [0.86, 0.36], [0.9, 0.27]],
];

function hand(): Skeleton {
  const named = FINGERS.map((finger, at) => (FINGER_PLACES[at] ?? []).map(([x, y], joint): SkeletonPoint => ({ name: `${finger}_${joint + 1}`, x, y })));
  const edges = named.flatMap((joints) => joints.map(({ name }, joint): NamePair => [joints[joint - 1]?.name ?? "wrist", name]));
  return { points: [{ name: "wrist", x: 0.5, y: 0.96 }, ...named.flat()], edges, flip: [] };
}

const PERSON = guessed({ points: PERSON_POINTS, edges: PERSON_EDGES, flip: [], sigmas: Object.fromEntries(PERSON_POINTS.map(({ name }, at) => [name, PERSON_SIGMAS[at] ?? 0.05])) });
const FACE = guessed({
  points: pointsOf([["left_eye", 0.72, 0.3], ["right_eye", 0.28, 0.3], ["nose", 0.5, 0.55], ["left_mouth", 0.67, 0.78], ["right_mouth", 0.33, 0.78]]),
  edges: [["left_eye", "nose"], ["right_eye", "nose"], ["nose", "left_mouth"], ["nose", "right_mouth"], ["left_mouth", "right_mouth"]],
  flip: [],
});

export const PRESETS = { person: PERSON, hand: hand(), face: FACE } as const;
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES: readonly PresetName[] = ["person", "hand", "face"];
