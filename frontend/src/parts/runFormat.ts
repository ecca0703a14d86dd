import type { Progress, Run, RunState } from "@/api/types";

/** Seconds as people say them: 45 s, 3 min, 2 h 5 min. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 1) return "< 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Items a second, or a minute where that reads better. */
export function rate(perSecond: number | null): string {
  if (perSecond === null || !Number.isFinite(perSecond) || perSecond <= 0) return "";
  if (perSecond >= 10) return `${Math.round(perSecond)}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  return `${(perSecond * 60).toFixed(1)}/min`;
}

/** 0 to 100, or null while nobody knows how much there is. */
export function percent(progress: Progress): number | null {
  if (progress.total === null || progress.total === undefined || progress.total === 0) return null;
  return Math.min(100, (100 * progress.done) / progress.total);
}

/** How long a run took, or has been going. Seconds. */
export function elapsed(run: Pick<Run, "started_at" | "finished_at">, now: number = Date.now()): number | null {
  if (run.started_at === null) return null;
  const end = run.finished_at === null ? now : Date.parse(run.finished_at);
  return Math.max(0, (end - Date.parse(run.started_at)) / 1000);
}

/** The model that a run asks, as it was called when the run began; null where it asks none. */
export function modelOf({ params }: Pick<Run, "params">): { id: number; name: string; version: string } | null {
  const { model, model_name: name, model_version: version } = params;
  return typeof model === "number" && typeof name === "string" ? { id: model, name, version: String(version ?? "") } : null;
}

/** What a run is about, where that tells it from others of its kind: a model's name, or a training's; else nothing. */
export function subjectOf(run: Pick<Run, "params">): string {
  const name = run.params["name"];
  return modelOf(run)?.name ?? (typeof name === "string" ? name : "");
}

/**
 * How an ended run can be taken up: for its failed images alone, for all that is left after a crash, or where it was stopped.
 * null: there is nothing left to do.
 */
export function wayOn({ kind, state, progress }: Pick<Run, "kind" | "state" | "progress">): "failed" | "again" | "goOn" | null {
  const { done, failed, total } = progress;
  const open = total === null || total === undefined || done + failed < total;
  if (state === "succeeded") return failed > 0 ? "failed" : null;
  if (state === "failed" || state === "timed_out") return failed > 0 && !open ? "failed" : "again";
  if (state === "cancelled" && kind === "inference" && open) return "goOn";
  return state === "cancelled" && failed > 0 ? "failed" : null;
}

export const STATE_COLORS: Record<RunState, string> = {
  queued: "gray",
  running: "blue",
  succeeded: "pine",
  failed: "red",
  cancelled: "gray",
  timed_out: "red",
  lost: "wheat",
};
