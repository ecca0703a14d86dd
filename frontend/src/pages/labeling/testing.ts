/** A server for tests of the desk: a queue and annotation sets, in memory. */
import type { Annotation } from "@/core/types";

interface StoredSet {
  version: number;
  state: string;
  annotations: Annotation[];
}

/** The server's queue and annotation sets, in memory, behind `fetch`. */
export class FakeServer {
  readonly sets = new Map<number, StoredSet>();
  readonly leased: number[] = [];
  readonly submitted: number[] = [];
  readonly skipped: number[] = [];
  /** What saves told about work, in their order. */
  readonly told: Record<string, { active_s: number; actions: number }>[] = [];
  refuseSubmit = false;
  /** Images that somebody took out of the campaign. */
  readonly excluded = new Set<number>();
  /** A label that the campaign has no more. */
  removedLabel: number | null = null;
  down = false;
  /** Submits wait for this. */
  gate: Promise<void> = Promise.resolve();

  constructor(images: readonly number[], drafts: readonly Annotation[] = []) {
    for (const id of images) this.sets.set(id, { version: 1, state: "draft", annotations: [...drafts] });
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    if (this.down) throw new TypeError("network");
    const path = new URL(request.url).pathname;
    const body = request.method === "GET" ? {} : ((await request.json().catch(() => ({}))) as Record<string, unknown>);
    if (path.endsWith("/next")) return this.next(body["exclude"] as number[]);
    if (path.endsWith("/models")) return json([{ id: 1, model: { id: 1 }, on_open: this.model !== null }]);
    const image = Number(/images\/(\d+)/.exec(path)?.[1]);
    if (path.endsWith("/submit")) return this.gate.then(() => this.submit(image, request));
    if (path.endsWith("/predict")) return this.predict(image);
    if (path.endsWith("/skip")) return this.skip(image);
    if (path.endsWith("/annotation-set")) return request.method === "PATCH" ? this.save(image, request, body) : json(this.document(image));
    return json(this.image(image));
  };

  /** What a model that is asked on open drafts; it may take its time. */
  model: { readonly drafts: readonly Annotation[]; readonly gate: Promise<void>; readonly reason?: string } | null = null;
  readonly asked: number[] = [];

  private async predict(image: number): Promise<Response> {
    if (!this.model) throw new Error("nobody is to be asked");
    const { drafts, gate, reason = "" } = this.model;
    this.asked.push(image);
    await gate;
    const set = this.setOf(image);
    if (!reason && set.annotations.length === 0) Object.assign(set, { annotations: [...drafts], version: set.version + 1 });
    return json([{ model: { id: 1, name: "Coast", version: "1" }, prediction: null, fresh: !reason, code: reason && "timeout", reason }]);
  }

  private next(exclude: number[]): Response {
    const id = [...this.sets.keys()].find((one) => !exclude.includes(one) && !this.submitted.includes(one) && !this.skipped.includes(one));
    if (id === undefined) return json({ image: null, annotation_set: null, prefill: null, lease: null, reason: "Nothing is left." });
    this.leased.push(id);
    return json({ image: this.image(id), annotation_set: this.document(id), prefill: null, lease: { expires_at: new Date(Date.now() + 900_000).toISOString() }, reason: "" });
  }

  private save(image: number, request: Request, body: Record<string, unknown>): Response {
    const set = this.setOf(image);
    if (request.headers.get("If-Match") !== `"${set.version}"`) return json({ status: 412, detail: "Somebody saved first.", current: this.document(image) }, 412);
    const at = (body["upsert"] as Annotation[]).findIndex(({ label }) => label === this.removedLabel);
    if (at !== -1) return json({ status: 422, detail: `annotations[${at}].label: 1 is no label of this campaign`, errors: [{ field: `annotations[${at}].label`, detail: "1 is no label of this campaign" }] }, 422);
    const gone = new Set(body["delete"] as string[]);
    const changed = new Map((body["upsert"] as Annotation[]).map((annotation) => [annotation.id, annotation]));
    set.annotations = [...set.annotations.filter(({ id }) => !gone.has(id) && !changed.has(id)), ...changed.values()];
    set.version += 1;
    this.told.push((body["effort"] ?? {}) as FakeServer["told"][number]);
    return json({ id: image, version: set.version, state: set.state, updated_at: "", image_state: this.excluded.has(image) ? "excluded" : "unlabeled" });
  }

  private submit(image: number, request: Request): Response {
    const set = this.setOf(image);
    if (this.refuseSubmit) return json({ status: 409, detail: "The campaign is closed." }, 409);
    if (request.headers.get("If-Match") !== `"${set.version}"`) return json({ status: 412, detail: "Somebody saved first.", current: this.document(image) }, 412);
    set.version += 1;
    set.state = "submitted";
    this.submitted.push(image);
    return json(this.document(image));
  }

  private skip(image: number): Response {
    this.skipped.push(image);
    return new Response(null, { status: 204 });
  }

  private setOf(image: number): StoredSet {
    const set = this.sets.get(image);
    if (!set) throw new Error(`no image ${image}`);
    return set;
  }

  private image(id: number): Record<string, unknown> {
    return { id, name: `${id}.jpg`, width: 100, height: 80, bands: 3, dtype: "uint8", format: "JPEG", tiled: false, max_zoom: 0, flagged: false };
  }

  private document(image: number): Record<string, unknown> {
    return { id: image, image, author: { id: 7, username: "ana" }, prefill_withheld: false, updated_at: null, submitted_at: null, ...this.setOf(image) };
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
}
