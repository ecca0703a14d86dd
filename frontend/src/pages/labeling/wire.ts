/** What the labeling page says to the server. */
import { apiFetch, apiUrl, getJson, sendJson } from "@/api/http";
import { ApiProblem, Unreachable } from "@/api/problems";
import type { CampaignImage } from "@/api/types";
import type { SaveOutcome, SaveRequest } from "@/core/autosave";
import { documentOf } from "@/core/document";
import type { Annotation } from "@/core/types";

export interface ImageFacts extends CampaignImage {
  readonly tiled: boolean;
  readonly max_zoom: number;
}

export type SetState = "draft" | "submitted" | "accepted" | "returned";

export interface AnnotationSetFacts {
  readonly id: number | null;
  readonly image: number;
  readonly author: { readonly id: number; readonly username: string } | null;
  readonly state: SetState;
  readonly version: number;
  readonly annotations: readonly Annotation[];
  readonly prefill_withheld: boolean;
}

export interface Loaded {
  readonly image: ImageFacts;
  readonly annotation_set: AnnotationSetFacts;
  readonly lease: { readonly expires_at: string } | null;
}

export interface NothingLeft {
  readonly image: null;
  readonly reason: string;
}

export function leaseNext(campaign: number, exclude: readonly number[]): Promise<Loaded | NothingLeft> {
  return sendJson<Loaded | NothingLeft>("POST", `/campaigns/${campaign}/next`, { exclude });
}

export async function openImage(id: number): Promise<Loaded> {
  const [image, annotation_set] = await Promise.all([getJson<ImageFacts>(`/images/${id}`), getJson<AnnotationSetFacts>(`/images/${id}/annotation-set`)]);
  return { image, annotation_set, lease: null };
}

/** Chromium lets a closing page send this much; larger saves rely on the journal. */
const KEEPALIVE_BYTES = 60_000;

async function sendVersioned(method: "PATCH" | "POST", path: string, version: number, body: unknown): Promise<Response> {
  const text = JSON.stringify(body);
  const headers = { "Content-Type": "application/json", "If-Match": `"${version}"` };
  return apiFetch(apiUrl(path), { method, headers, body: text, keepalive: text.length < KEEPALIVE_BYTES });
}

/** Turn a failed save into what the autosave understands; what is nobody's fault is tried again. */
function outcomeOf(error: unknown): SaveOutcome {
  if (error instanceof ApiProblem) {
    const current = error.document["current"] as AnnotationSetFacts | undefined;
    if (error.status === 412 && current) return { kind: "conflict", version: current.version, document: documentOf(current.annotations) };
    const passing = error.status >= 500 || error.status === 429 || error.status === 408;
    return { kind: passing ? "offline" : "refused", message: error.message };
  }
  if (error instanceof Unreachable) return { kind: "offline", message: error.message };
  throw error;
}

async function versionAfter(answer: Promise<Response>): Promise<SaveOutcome> {
  try {
    const saved = (await (await answer).json()) as { version: number };
    return { kind: "saved", version: saved.version };
  } catch (error) {
    return outcomeOf(error);
  }
}

export function saveSet(image: number, { version, patch, active_s }: SaveRequest): Promise<SaveOutcome> {
  return versionAfter(sendVersioned("PATCH", `/images/${image}/annotation-set`, version, { ...patch, active_s }));
}

/** Drafts worth keeping were accepted before, label by label; the rest goes. */
export function submitSet(image: number, version: number): Promise<SaveOutcome> {
  return versionAfter(sendVersioned("POST", `/images/${image}/annotation-set/submit`, version, { accept_drafts_above: null }));
}

export function skipImage(image: number, reason: string): Promise<null> {
  return sendJson<null>("POST", `/images/${image}/skip`, { reason });
}

export function flagImage(image: number, flagged: boolean): Promise<ImageFacts> {
  return sendJson<ImageFacts>("PATCH", `/images/${image}`, { flagged });
}

/** Give images back to the queue while the page goes away. */
export function releaseImage(image: number): void {
  void apiFetch(apiUrl(`/images/${image}/release`), { method: "POST", keepalive: true }).catch(() => undefined);
}

export interface BandStatistics {
  readonly index: number;
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly p2: number;
  readonly p98: number;
}

export async function bandStatistics(image: number, signal?: AbortSignal): Promise<readonly BandStatistics[]> {
  return (await getJson<{ bands: BandStatistics[] }>(`/images/${image}/statistics`, {}, signal)).bands;
}

export interface PredictionFacts {
  readonly id: number;
  readonly model: { readonly id: number; readonly name: string; readonly version: string };
  readonly confidence: number | null;
  readonly uncertainty: number | null;
  readonly heat_map: string | null;
}

export async function predictionsOf(image: number, signal?: AbortSignal): Promise<readonly PredictionFacts[]> {
  const answer = await getJson<PredictionFacts[] | { results: PredictionFacts[] }>(`/images/${image}/predictions`, {}, signal);
  return "results" in answer ? answer.results : answer;
}
