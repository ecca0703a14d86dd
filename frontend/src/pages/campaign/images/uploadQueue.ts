import { csrfToken, apiUrl } from "@/api/http";
import { ApiProblem, messageOf, type ProblemDocument, Unreachable } from "@/api/problems";
import type { ImportReport, ImportResult } from "@/api/types";

export type FileState = "waiting" | "sending" | "checking" | "created" | "duplicate" | "refused" | "failed";

/** One line of the upload table: a file of this computer, or a member of a zip once the server has opened it. */
export interface UploadRow {
  key: number;
  name: string;
  size: number;
  state: FileState;
  /** 0 to 1 of its bytes. */
  sent: number;
  detail: string;
  file: File | null;
}

export interface Limits {
  files: number;
  bytes: number;
}

/** Small enough that progress moves and one bad network moment costs little; large enough to keep requests few. */
export const LIMITS: Limits = { files: 20, bytes: 48 * 1024 * 1024 };
export const PARALLEL_REQUESTS = 3;

export function isZip(name: string): boolean {
  return /\.zip$/i.test(name);
}

/** Cut a list into requests, in order. A zip travels alone, since its answer has a line per member. */
export function chunksOf<T extends { name: string; size: number }>(files: readonly T[], limits: Limits = LIMITS): T[][] {
  const chunks: T[][] = [];
  let open: T[] = [];
  let bytes = 0;
  const close = (): void => {
    if (open.length > 0) chunks.push(open);
    open = [];
    bytes = 0;
  };
  for (const file of files) {
    if (isZip(file.name)) {
      close();
      chunks.push([file]);
      continue;
    }
    if (open.length >= limits.files || (open.length > 0 && bytes + file.size > limits.bytes)) close();
    open.push(file);
    bytes += file.size;
  }
  close();
  return chunks;
}

/** Spread the bytes of a request that are out over its files, first to last. Shares of 0 to 1. */
export function sentShares(sizes: readonly number[], sent: number): number[] {
  let left = sent;
  return sizes.map((size) => {
    const share = size === 0 ? (left > 0 ? 1 : 0) : Math.min(1, Math.max(0, left / size));
    left -= size;
    return share;
  });
}

/** The rows of one request after its answer: one per file, or one per member of a zip. */
export function settledRows(rows: readonly UploadRow[], results: readonly ImportResult[], nextKey: () => number): UploadRow[] {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined && (results.length > 1 || isZip(only.name))) {
    if (results.length === 0) return [{ ...only, state: "refused", sent: 1, detail: "There is no image in it." }];
    return results.map((result, index) => settled({ ...only, key: index === 0 ? only.key : nextKey(), name: result.name, file: null, size: 0 }, result));
  }
  const byOrder = results.length === rows.length;
  const left = [...results];
  return rows.map((row, index) => {
    const at = byOrder ? -1 : left.findIndex((result) => result.name === row.name || row.name.endsWith(`/${result.name}`));
    const result = byOrder ? results[index] : at < 0 ? undefined : left.splice(at, 1)[0];
    return result === undefined ? { ...row, state: "failed", detail: "The server said nothing about this file." } : settled(row, result);
  });
}

function settled(row: UploadRow, result: ImportResult): UploadRow {
  const state = result.status === "created" || result.status === "duplicate" ? result.status : "refused";
  return { ...row, state, sent: 1, detail: result.detail };
}

export interface Tally {
  total: number;
  finished: number;
  created: number;
  duplicate: number;
  refused: number;
  failed: number;
  /** Share of the work that is done, 0 to 1, bytes on the way counted in. */
  share: number;
}

export function tally(rows: readonly UploadRow[]): Tally {
  const counts = { created: 0, duplicate: 0, refused: 0, failed: 0 };
  let progress = 0;
  for (const row of rows) {
    if (row.state in counts) {
      counts[row.state as keyof typeof counts] += 1;
      progress += 1;
    } else progress += row.sent * 0.9;
  }
  const finished = counts.created + counts.duplicate + counts.refused + counts.failed;
  return { total: rows.length, finished, ...counts, share: rows.length === 0 ? 0 : progress / rows.length };
}

export interface SendOptions {
  campaign: number;
  files: readonly File[];
  split: string;
  onSent: (bytes: number) => void;
  signal: AbortSignal;
}

function problemOf(status: number, text: string): ApiProblem {
  try {
    return new ApiProblem(status, JSON.parse(text) as ProblemDocument);
  } catch {
    return new ApiProblem(status, {});
  }
}

/** Send one request of files. XMLHttpRequest, because fetch does not tell how much is out. */
export function sendFiles({ campaign, files, split, onSent, signal }: SendOptions): Promise<ImportReport> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.webkitRelativePath || file.name);
  if (split !== "") form.append("split", split);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", apiUrl(`/campaigns/${campaign}/images`));
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as ImportReport);
      else reject(problemOf(request.status, request.responseText));
    };
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

export type Sender = (options: SendOptions) => Promise<ImportReport>;

export interface QueueEvents {
  /** Replace the rows of one request, named by their keys. */
  replace: (keys: readonly number[], rows: readonly UploadRow[]) => void;
  nextKey: () => number;
}

/** Send rows in parallel requests until all are answered. A request that fails marks its own files and no others. */
export async function runQueue(rows: readonly UploadRow[], campaign: number, split: string, events: QueueEvents, signal: AbortSignal, send: Sender = sendFiles): Promise<void> {
  const waiting = chunksOf(rows.filter((row) => row.file !== null));
  const worker = async (): Promise<void> => {
    for (let chunk = waiting.shift(); chunk !== undefined && !signal.aborted; chunk = waiting.shift()) await sendChunk(chunk, campaign, split, events, signal, send);
  };
  await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, worker));
}

async function sendChunk(chunk: UploadRow[], campaign: number, split: string, events: QueueEvents, signal: AbortSignal, send: Sender): Promise<void> {
  const keys = chunk.map((row) => row.key);
  const sizes = chunk.map((row) => row.size);
  const show = (bytes: number): void => {
    const shares = sentShares(sizes, bytes);
    events.replace(keys, chunk.map((row, index) => ({ ...row, sent: shares[index] ?? 0, state: (shares[index] ?? 0) >= 1 ? "checking" : "sending" })));
  };
  show(0);
  try {
    const files = chunk.flatMap((row) => (row.file === null ? [] : [row.file]));
    const report = await send({ campaign, files, split, onSent: show, signal });
    events.replace(keys, settledRows(chunk, report.results, events.nextKey));
  } catch (error) {
    const detail = signal.aborted ? "Stopped before it was sent." : messageOf(error);
    events.replace(keys, chunk.map((row) => ({ ...row, state: "failed", detail })));
  }
}
