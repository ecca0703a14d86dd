/** How labelings reach the server: asked again while it is away, and waited for while it works on many images in the background. */
import type { Changed } from "@/api/gallery";
import { ApiProblem, Unreachable } from "@/api/problems";
import { isFinished } from "@/api/runs";
import type { Run } from "@/api/types";
import type { LabelingWire } from "./labeler";
import type { Operation } from "./labeling";

export interface Server {
  /** Settle what is asked, and return how to ask: the same key is carried out once, however often it is asked for. */
  label(images: readonly number[], operation: Operation, key: string): () => Promise<Changed>;
  undo(change: number): Promise<Changed>;
  run(id: number): Promise<Run>;
}

/** What somebody should hear of. */
export interface Tells {
  inBackground(images: number): void;
  leftOut(images: number): void;
  leftAlone(images: number): void;
  /** Ids that the campaign does not have any more. */
  gone(images: readonly number[]): void;
  /** The run ended before it was done. */
  cutShort(run: Run): void;
  away(): void;
}

const WAITS_MS = [500, 1000, 2000, 4000, 5000] as const;
const POLL_MS = 700;
/** A first try that was cut off in the middle holds its key for a while; longer than this nobody waits for it. */
const MOST_AT_WORK = 6;
const AWAY: ReadonlySet<number> = new Set([502, 503, 504]);

function isAway(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiProblem && AWAY.has(error.status));
}

function has(error: unknown, code: string): boolean {
  return error instanceof ApiProblem && error.code === code;
}

export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Sleep = (ms: number) => Promise<void>;
const sleepFor: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function labelingWire(server: Server, tells: Tells, sleep: Sleep = sleepFor): LabelingWire {
  /** Ask until somebody answers. `repeated` says whether an earlier try may have arrived. */
  const untilAnswered = async <T>(ask: (repeated: boolean) => Promise<T>): Promise<T> => {
    let atWork = 0;
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask(tries > 0);
      } catch (error) {
        if (isAway(error)) {
          if (tries === 0) tells.away();
        } else if (!(has(error, "still_at_work") && tries > 0 && (atWork += 1) <= MOST_AT_WORK)) {
          throw error;
        }
        await sleep(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? POLL_MS);
      }
    }
  };

  /** The labeling is true once its run has ended: what is pressed next must find it done. */
  const ended = async (started: Run | null): Promise<void> => {
    let run = started;
    while (run !== null && !isFinished(run)) {
      await sleep(POLL_MS);
      const { id } = run;
      run = await untilAnswered(() => server.run(id));
    }
    if (run !== null && run.state !== "succeeded") tells.cutShort(run);
    const { left_out: out = 0, left_alone: alone = 0 } = (run?.result ?? {}) as { left_out?: number; left_alone?: number };
    if (out > 0) tells.leftOut(out);
    if (alone > 0) tells.leftAlone(alone);
  };

  return {
    async label(images, operation) {
      const { change, run, missing } = await untilAnswered(server.label(images, operation, newKey()));
      if (run !== null) tells.inBackground(images.length);
      else if (change.left_out > 0) tells.leftOut(change.left_out);
      if (missing.length > 0) tells.gone(missing);
      await ended(run);
      return change.id;
    },
    async undo(change) {
      const answer = await untilAnswered(async (repeated) => {
        try {
          return await server.undo(change);
        } catch (error) {
          // The answer to an earlier try was lost on its way.
          if (repeated && has(error, "undone_already")) return null;
          throw error;
        }
      });
      if (answer?.run === null && answer.change.left_alone > 0) tells.leftAlone(answer.change.left_alone);
      await ended(answer?.run ?? null);
    },
  };
}
