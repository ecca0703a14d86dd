import type { ModelClass, Task } from "@/api/types";

/** The sample server of `examples/`, as it prints itself when it starts. */
export const EXAMPLE = {
  command: "make example-model",
  name: "Sample server",
  url: "http://127.0.0.1:9100/predict",
  protocol: "winnow_json",
  classes: { classification: ["ocean", "coast", "land"], segmentation: ["water", "land"], detection: ["island"], keypoints: [] } satisfies Record<Task, string[]>,
} as const;

export function exampleClasses(task: Task): ModelClass[] {
  return EXAMPLE.classes[task].map((name, index) => ({ index, name }));
}
