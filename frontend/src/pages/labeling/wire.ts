/** What the labeling page says to the server. */
import { api, bodyOf, done, type Answer } from "@/api/client";
import { ApiProblem, Unreachable } from "@/api/problems";
import type { components } from "@/api/schema";
import type { CampaignImage } from "@/api/types";
import type { SaveOutcome, SaveRequest } from "@/core/autosave";
import { documentOf } from "@/core/document";
import type { DoubtfulArea } from "@/core/doubt";
import type { Georeference } from "@/core/ruler";
import type { Annotation, Bounds } from "@/core/types";

type Schemas = components["schemas"];

export type ImageFacts = CampaignImage;
/** The schema leaves annotations open; `core/types.ts` says what they hold. */
export type AnnotationSetFacts = Omit<Answer<Schemas["AnnotationSet"]>, "annotations"> & { readonly annotations: readonly Annotation[] };
export type SetState = AnnotationSetFacts["state"];
export type BandStatistics = Answer<Schemas["Band"]>;
export type WhyAsked = Answer<Schemas["Why"]>;
export type PredictionFacts = Answer<Schemas["Prediction"]>;

export interface Loaded {
  readonly image: ImageFacts;
  readonly annotation_set: AnnotationSetFacts;
  readonly lease: { readonly expires_at: string } | null;
}

export interface NothingLeft {
  readonly image: null;
  readonly reason: string;
}

function setOf(set: unknown): AnnotationSetFacts {
  return set as AnnotationSetFacts;
}

/**
 * Lease the next image, of `images` where they are given. A page that has none yet takes up what its person held before,
 * after a reload for one.
 */
export async function leaseNext(campaign: number, exclude: readonly number[], resume: boolean, images?: readonly number[]): Promise<Loaded | NothingLeft> {
  const params = { path: { campaign_id: campaign } };
  const body = { exclude: [...exclude], resume, ...(images === undefined ? {} : { images: [...images] }) };
  const { image, annotation_set, lease, reason } = await bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/next", { params, body }));
  return image && annotation_set ? { image, annotation_set: setOf(annotation_set), lease } : { image: null, reason };
}

export async function openImage(id: number): Promise<Loaded> {
  const params = { path: { image_id: id } };
  const [image, set] = await Promise.all([
    bodyOf(api.GET("/api/v1/images/{image_id}", { params })),
    bodyOf(api.GET("/api/v1/images/{image_id}/annotation-set", { params })),
  ]);
  return { image, annotation_set: setOf(set), lease: null };
}

export async function openSet(id: number): Promise<AnnotationSetFacts> {
  return setOf(await bodyOf(api.GET("/api/v1/images/{image_id}/annotation-set", { params: { path: { image_id: id } } })));
}

/** Chromium lets a closing page send this much; larger saves rely on the journal. */
const KEEPALIVE_BYTES = 60_000;

function keepalive(body: unknown): boolean {
  return JSON.stringify(body).length < KEEPALIVE_BYTES;
}

function versioned(image: number, version: number) {
  return { path: { image_id: image }, header: { "If-Match": `"${version}"` } };
}

/** Where the server names a label that it does not know: the page offered it, so it was removed since. */
const UNKNOWN_LABEL = /^annotations\[\d+\]\.label$/;
const LABEL_REMOVED = "A label that you gave was removed from this campaign. Select its objects, shown as “?” in the list, and give them another label.";

function refusalOf({ message, errors }: ApiProblem): string {
  return errors.some(({ field }) => UNKNOWN_LABEL.test(field ?? "")) ? LABEL_REMOVED : message;
}

/** Turn a failed save into what the autosave understands; what is nobody's fault is tried again. */
function outcomeOf(error: unknown): SaveOutcome {
  if (error instanceof ApiProblem) {
    const current = error.document["current"];
    if (error.status === 412 && current) return { kind: "conflict", version: setOf(current).version, document: documentOf(setOf(current).annotations) };
    const passing = error.status >= 500 || error.status === 429 || error.status === 408;
    return passing ? { kind: "offline", message: error.message } : { kind: "refused", message: refusalOf(error) };
  }
  if (error instanceof Unreachable) return { kind: "offline", message: error.message };
  throw error;
}

/** An image may be taken out of the campaign while somebody has it open: saves tell. */
type Outcome = SaveOutcome & { readonly imageState?: ImageFacts["state"] };

async function versionAfter(answer: Promise<{ version: number; image_state?: ImageFacts["state"] }>): Promise<Outcome> {
  try {
    const { version, image_state: imageState } = await answer;
    return { kind: "saved", version, ...(imageState === undefined ? {} : { imageState }) };
  } catch (error) {
    return outcomeOf(error);
  }
}

export function saveSet(image: number, { version, patch, active_s, effort }: SaveRequest): Promise<Outcome> {
  const body = { upsert: patch.upsert.map((annotation) => ({ ...annotation })), delete: [...patch.delete], active_s, effort };
  const params = versioned(image, version);
  return versionAfter(bodyOf(api.PATCH("/api/v1/images/{image_id}/annotation-set", { params, body, keepalive: keepalive(body) })));
}

/** Drafts worth keeping were accepted before, label by label; the rest goes. */
export function submitSet(image: number, version: number): Promise<SaveOutcome> {
  const params = versioned(image, version);
  const body = { accept_drafts_above: null };
  return versionAfter(bodyOf(api.POST("/api/v1/images/{image_id}/annotation-set/submit", { params, body, keepalive: true })));
}

/** One area alone: what is drawn in it teaches, and the image stays open. */
export async function handInArea(image: number, version: number, bounds: Bounds): Promise<void> {
  await bodyOf(api.POST("/api/v1/images/{image_id}/labeled-areas", { params: versioned(image, version), body: { bounds: [...bounds], accept_drafts_above: null } }));
}

export function skipImage(image: number, reason: string): Promise<void> {
  return done(api.POST("/api/v1/images/{image_id}/skip", { params: { path: { image_id: image } }, body: { reason } }));
}

export function flagImage(image: number, flagged: boolean): Promise<void> {
  return done(api.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: image } }, body: { flagged } }));
}

/** Give an image back to the queue while the page goes away. */
export function releaseImage(image: number): void {
  done(api.POST("/api/v1/images/{image_id}/release", { params: { path: { image_id: image } }, keepalive: true })).catch(() => undefined);
}

export async function bandStatistics(image: number, signal: AbortSignal): Promise<readonly BandStatistics[]> {
  return (await bodyOf(api.GET("/api/v1/images/{image_id}/statistics", { params: { path: { image_id: image } }, signal }))).bands;
}

export async function georeferenceOf(image: number, signal: AbortSignal): Promise<Georeference> {
  return bodyOf(api.GET("/api/v1/images/{image_id}/georeference", { params: { path: { image_id: image } }, signal }));
}

export async function uncertainAreas(image: number): Promise<readonly DoubtfulArea[]> {
  const { areas } = await bodyOf(api.GET("/api/v1/images/{image_id}/uncertain-areas", { params: { path: { image_id: image } } }));
  return areas.map(({ bounds: [left = 0, top = 0, right = 0, bottom = 0], uncertainty }) => ({ bounds: [left, top, right, bottom], uncertainty }));
}

export function whyAsked(image: number): Promise<WhyAsked> {
  return bodyOf(api.GET("/api/v1/images/{image_id}/why", { params: { path: { image_id: image } } }));
}

export function predictionsOf(image: number, signal: AbortSignal): Promise<readonly PredictionFacts[]> {
  return bodyOf(api.GET("/api/v1/images/{image_id}/predictions", { params: { path: { image_id: image } }, signal }));
}
