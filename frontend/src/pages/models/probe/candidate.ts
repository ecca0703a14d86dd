import type { Candidate, ModelClass, Task } from "@/api/types";

/** What a form for a new model begins with. */
export interface ModelStart {
  name: string;
  version: string;
  task: Task;
  multi_label: boolean;
  protocol: string;
  url: string;
  secret: string;
  auth_header: string;
  classes: ModelClass[];
  options: Readonly<Record<string, unknown>>;
}

const TASKS: readonly string[] = ["classification", "detection", "segmentation", "keypoints"] satisfies Task[];

function isTask(text: string): text is Task {
  return TASKS.includes(text);
}

/** The task that a candidate is wanted for: the campaign's where it answers that, else its own. */
export function taskOf(candidate: Candidate, wanted: Task | undefined): Task {
  if (wanted !== undefined && (wanted in candidate.classes_of_tasks || candidate.task === "" || candidate.task === wanted)) return wanted;
  return isTask(candidate.task) ? candidate.task : (wanted ?? "classification");
}

/** The classes of a candidate for a task; what it names for another one is of no use. */
export function classesOf(candidate: Candidate, task: Task): ModelClass[] {
  const own = candidate.classes_of_tasks[task];
  if (own !== undefined) return own;
  return candidate.task === task || candidate.task === "" ? candidate.classes : [];
}

/** A name for a model that told none: the end of its path, or its host. */
export function nameFrom(url: string): string {
  try {
    const { pathname, host } = new URL(url);
    const last = pathname.split("/").filter((part) => part !== "").at(-1);
    return last === undefined || /^(predict|predictions|invocations|infer|v\d+)$/.test(last) ? host : `${last} at ${host}`;
  } catch {
    return url;
  }
}

export function startOf(candidate: Candidate, wanted: Task | undefined, secret: string, auth_header: string): ModelStart {
  const task = taskOf(candidate, wanted);
  return {
    name: (candidate.name || nameFrom(candidate.url)).slice(0, 200),
    version: candidate.version || "1",
    task,
    multi_label: candidate.multi_label,
    protocol: candidate.protocol,
    url: candidate.url,
    secret,
    auth_header,
    classes: classesOf(candidate, task),
    options: candidate.options,
  };
}

/** How sure, in a word, so that nobody has to read a number. */
export function sureness(confidence: number): "sure" | "likely" | "perhaps" {
  if (confidence >= 0.85) return "sure";
  return confidence >= 0.5 ? "likely" : "perhaps";
}
