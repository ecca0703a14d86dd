/**
 * The desk: one image on it, the next one loaded ahead, those just left still on their way to the server.
 *
 * Submitting paints the next image at once. If the server refuses the last one, a banner says so and it comes back.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { messageOf } from "@/api/problems";
import type { Task } from "@/api/types";
import { chosenLabels, guesses, imageLabel } from "@/actions/classification";
import { accept, acceptAllAbove } from "@/actions/review";
import type { Assistant } from "@/core/assistant";
import { missingAnswer, type Definitions } from "@/core/attributes";
import { documentOf } from "@/core/document";
import { isAbove } from "@/core/review";
import type { Skeletons } from "@/core/skeleton";
import type { ToolSettings } from "@/core/tool-settings";
import type { Annotation } from "@/core/types";
import type { Session } from "@/modes/session";
import { bandChoiceOf, loadAhead, needsStatistics, pictureOf } from "./pictures";
import type { PreferenceStore } from "./preferences";
import type { Walk } from "./scope";
import { type BandStatistics, flagImage, type ImageFacts, leaseNext, type Loaded, type NothingLeft, openImage, releaseImage, skipImage } from "./wire";
import { Workspace, type Finish } from "./workspace";

export interface Failure {
  readonly workspace: Workspace;
  readonly message: string;
}

export interface DeskState {
  /** While "moving" the image before is still visible, and nothing can be done to it. */
  readonly status: "moving" | "ready" | "empty" | "failed";
  readonly current: Workspace | null;
  /** Why there is no image, in the server's words. */
  readonly reason: string;
  readonly failures: readonly Failure[];
  /** Submitted here, not yet acknowledged. */
  readonly pending: readonly Workspace[];
  /** Of those: they wait for the network to come back. */
  readonly waiting: readonly Workspace[];
  /** A short word to the person, for instance why a submit did not happen. */
  readonly notice: string;
  readonly visited: readonly number[];
  readonly at: number;
  readonly submitted: number;
  readonly started_ms: number;
}

export interface DeskOptions {
  readonly campaign: number;
  readonly task: Task;
  readonly multiLabel: boolean;
  readonly firstLabel: number | null;
  /** Who only looks leases nothing. */
  readonly mayLabel: boolean;
  /** The images to go through in their order, instead of the queue. */
  readonly walk?: Walk | null;
  readonly preferences: PreferenceStore;
  readonly settings: ToolSettings;
  /** Values of the bands of a raster, for a stretch that a person chose. */
  readonly statistics?: (image: ImageFacts) => Promise<readonly BandStatistics[]>;
  /** What labels ask of their objects. */
  readonly definitions: Definitions;
  /** Who finds outlines in an image. */
  readonly assistantOf?: (image: ImageFacts) => Assistant;
  /** Who asks models about an image that was opened. */
  readonly onOpen?: { ask(workspace: Workspace): Promise<void> };
  /** Which named points their objects have. */
  readonly skeletons: Skeletons;
  /** The shapes that the campaign takes; null or absent where any may be made. */
  readonly shapes?: ReadonlySet<string> | null;
}

interface Ahead {
  readonly answer: Promise<Workspace | NothingLeft>;
  /** Held so that the browser keeps the decoded pictures. */
  pictures: readonly HTMLImageElement[];
  image: number | null;
}

/** What stood on the image that was on the desk before this one. */
interface Left {
  readonly image: number;
  readonly objects: readonly Annotation[];
}

const RETRY_MS = 3_000;

export class Desk {
  readonly store: StoreApi<DeskState>;
  private ahead: Ahead | null = null;
  private left: Left = { image: 0, objects: [] };
  private turn = 0;
  private closed = false;

  constructor(readonly options: DeskOptions) {
    this.store = createStore<DeskState>(() => ({
      status: "moving", current: null, reason: "", failures: [], pending: [], waiting: [], notice: "", visited: [], at: -1, submitted: 0, started_ms: Date.now(),
    }));
  }

  /** Begin with the image asked for, or with the best one that is free. */
  async start(image: number | null): Promise<void> {
    const { walk } = this.options;
    if (walk) await this.show(walk.lease([], walk.first(image)).then((answer) => this.opened(answer)));
    else await (image === null ? this.next() : this.open(image));
  }

  /** Open one image by its number, without a lease. */
  async open(image: number): Promise<void> {
    const kept = this.kept(image);
    await this.show(kept ? Promise.resolve(kept) : openImage(image).then((loaded) => this.workspaceOf(loaded)));
  }

  /** Go forward: along the images seen before, then along the queue. */
  async next(): Promise<void> {
    const { visited, at, failures } = this.store.getState();
    const failed = failures[0];
    const again = visited[at + 1];
    if (failed) await this.giveBack(failed);
    else if (again !== undefined) await this.revisit(at + 1);
    else await this.show(this.takeAhead());
  }

  async previous(): Promise<void> {
    const { at, status } = this.store.getState();
    const before = status === "ready" ? at - 1 : at;
    if (before >= 0 && status !== "moving") await this.revisit(before);
  }

  /** Put a refused image back on the desk. */
  async giveBack(failure: Failure): Promise<void> {
    this.store.setState((state) => ({ failures: state.failures.filter((other) => other !== failure) }));
    await this.show(Promise.resolve(failure.workspace));
    this.say(`This image was not handed in. ${failure.message}`);
  }

  /** Submit and go on at once; nothing happens when a label is missing. */
  async submit(): Promise<void> {
    const current = this.onDesk();
    if (!current || !this.prepareSubmit(current)) return;
    if (!current.isSubmitted()) void this.deliver(current);
    await this.next();
  }

  async skip(reason: string): Promise<void> {
    const current = this.onDesk();
    if (!current) return;
    void current.autosave.flush();
    const sent = skipImage(current.image.id, reason).catch((error: unknown) => this.fail(current, `It could not be skipped. ${messageOf(error)}`));
    this.hold(current, sent);
    await this.next();
  }

  async flag(): Promise<void> {
    const current = this.onDesk();
    if (!current) return;
    const flagged = !current.store.getState().flagged;
    current.store.setState({ flagged });
    try {
      await flagImage(current.image.id, flagged);
    } catch (error) {
      current.store.setState({ flagged: !flagged });
      this.say(messageOf(error));
    }
  }

  /** The image that can be worked on at this moment. */
  onDesk(): Workspace | null {
    const { status, current } = this.store.getState();
    return status === "ready" ? current : null;
  }

  /** What a person agreed to on the image before this one: to be repeated where the same things stand again. */
  objectsBefore(): readonly Annotation[] {
    return this.left.image === this.onDesk()?.image.id ? [] : this.left.objects;
  }

  say(notice: string): void {
    this.store.setState({ notice });
  }

  /** Everything that the server does not have yet is either on its way or in the journal. */
  isSafe(): boolean {
    const { current, pending, failures } = this.store.getState();
    return pending.length === 0 && failures.length === 0 && (current?.isSafe() ?? true);
  }

  /** The page goes away: send what is left, and give back the image that was loaded ahead. */
  leave(): void {
    const { current, pending } = this.store.getState();
    for (const workspace of [...pending, ...(current ? [current] : [])]) void workspace.autosave.flush();
    if (this.ahead?.image) releaseImage(this.ahead.image);
    this.ahead = null;
  }

  wake(): void {
    const { current, pending } = this.store.getState();
    for (const workspace of [...pending, ...(current ? [current] : [])]) workspace.autosave.wake();
  }

  close(): void {
    this.leave();
    this.closed = true;
  }

  /** Make the document what the person sees and means; false when something is missing. */
  private prepareSubmit({ session }: Workspace): boolean {
    const { thresholds, keepDrafts } = this.options.preferences.getState();
    const single = this.options.task === "classification" && !this.options.multiLabel;
    if (!single) {
      if (keepDrafts) session.apply("Accepted the drafts shown", (document) => acceptAllAbove(document, thresholds));
      return this.isComplete(session);
    }
    if (chosenLabels(session.document()).length > 0) return true;
    const guess = guesses(session.document())[0];
    if (!guess || !keepDrafts || !isAbove(guess, thresholds)) {
      this.say("Choose a label first, or skip the image.");
      return false;
    }
    session.apply("Accepted the guess", (document) => accept(document, [guess.id]));
    return true;
  }

  /** Show the first object that lacks an answer its label requires; the server would refuse it. */
  private isComplete(session: Session): boolean {
    const { definitions } = this.options;
    const lacking = [...session.document().values()].find((annotation) => annotation.review === "accepted" && missingAnswer(annotation, definitions) !== null);
    if (!lacking) return true;
    session.select([lacking.id]);
    this.say(`Answer “${missingAnswer(lacking, definitions) ?? ""}” for the selected object first.`);
    return false;
  }

  /** Bring a submit to the server, however long the network is away. */
  private deliver(workspace: Workspace): Promise<void> {
    const work = async (): Promise<void> => {
      let result = await workspace.finish();
      while (result.kind === "waiting" && !this.closed) {
        this.store.setState(({ waiting }) => (waiting.includes(workspace) ? {} : { waiting: [...waiting, workspace] }));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        result = await workspace.finish();
      }
      this.settle(workspace, result);
    };
    const sent = work().catch((error: unknown) => this.fail(workspace, messageOf(error)));
    this.hold(workspace, sent);
    return sent;
  }

  private settle(workspace: Workspace, result: Finish): void {
    if (result.kind !== "done") return this.fail(workspace, result.message);
    this.store.setState((state) => ({ submitted: state.submitted + 1 }));
    const { image, store } = workspace;
    if (store.getState().excluded && image.state !== "excluded") this.say(`Somebody excluded ${image.name} meanwhile: its labels are kept, and count when it is taken in again.`);
  }

  private hold(workspace: Workspace, sent: Promise<unknown>): void {
    this.store.setState((state) => ({ pending: [...state.pending, workspace] }));
    const without = (list: readonly Workspace[]): readonly Workspace[] => list.filter((other) => other !== workspace);
    void sent.finally(() => this.store.setState(({ pending, waiting }) => ({ pending: without(pending), waiting: without(waiting) })));
  }

  private fail(workspace: Workspace, message: string): void {
    this.store.setState((state) => ({ failures: [...state.failures, { workspace, message }] }));
    if (this.store.getState().status === "empty") void this.next();
  }

  /** A workspace that still has something to say to the server; opening its image afresh would hide that. */
  private kept(image: number): Workspace | null {
    const { pending, failures, current } = this.store.getState();
    const known = [...pending, ...failures.map((failure) => failure.workspace), ...(current ? [current] : [])];
    return known.find((workspace) => workspace.image.id === image) ?? null;
  }

  private async revisit(at: number): Promise<void> {
    const image = this.store.getState().visited[at];
    if (image === undefined) return;
    this.store.setState({ at });
    await this.open(image);
  }

  private async show(opening: Promise<Workspace | NothingLeft>): Promise<void> {
    const turn = ++this.turn;
    this.leaveCurrent();
    try {
      const opened = await opening;
      if (turn !== this.turn || this.closed) return;
      if (opened instanceof Workspace) this.put(opened);
      else this.store.setState({ status: "empty", current: null, reason: opened.reason });
    } catch (error) {
      if (turn === this.turn) this.store.setState({ status: "failed", current: null, reason: messageOf(error) });
    }
  }

  private leaveCurrent(): void {
    const { current } = this.store.getState();
    if (current) this.left = { image: current.image.id, objects: [...current.session.document().values()].filter(({ review }) => review === "accepted") };
    void current?.autosave.flush();
    this.store.setState({ notice: "", status: "moving" });
  }

  private put(workspace: Workspace): void {
    const { image } = workspace;
    this.store.setState((state) => {
      const known = state.visited.indexOf(image.id);
      const visited = known === -1 ? [...state.visited, image.id] : state.visited;
      return { status: "ready", current: workspace, reason: "", visited, at: known === -1 ? visited.length - 1 : known };
    });
    this.options.walk?.remember(image.id);
    workspace.session.setThresholds(this.options.preferences.getState().thresholds);
    workspace.begin();
    if (!this.ahead && this.options.mayLabel) this.lookAhead();
  }

  private async workspaceOf(loaded: Loaded): Promise<Workspace> {
    const session = this.store.getState().current?.session.store.getState();
    const { thresholds } = this.options.preferences.getState();
    const mode = session?.mode.startsWith("draw-") ? { mode: session.mode } : {};
    const { assistantOf, settings, definitions, skeletons, shapes = null } = this.options;
    const assisted = assistantOf ? { assistantOf } : {};
    // What the image was called as a whole is what most of its objects are called.
    const label = imageLabel(documentOf(loaded.annotation_set.annotations)) ?? session?.label ?? this.options.firstLabel;
    const workspace = await Workspace.open(loaded, { label, thresholds, tool: session?.tool ?? null, settings, definitions, skeletons, shapes, ...assisted, ...mode });
    if (this.options.mayLabel) void this.options.onOpen?.ask(workspace);
    return workspace;
  }

  /** Lease the next image and load its picture while the person works on this one. */
  private lookAhead(): void {
    const ahead: Ahead = { answer: this.lease().then((answer) => this.prepared(answer, ahead)), pictures: [], image: null };
    // Looked at when it is needed; until then a failure is nobody's business.
    ahead.answer.catch(() => undefined);
    this.ahead = ahead;
  }

  private lease(): Promise<Loaded | NothingLeft> {
    const { current, pending, failures, visited } = this.store.getState();
    if (this.options.walk) return this.options.walk.lease(visited);
    const busy = [...pending, ...failures.map((failure) => failure.workspace), ...(current ? [current] : [])];
    return leaseNext(this.options.campaign, [...new Set(busy.map((workspace) => workspace.image.id))], busy.length === 0);
  }

  private async prepared(answer: Loaded | NothingLeft, ahead: Ahead): Promise<Workspace | NothingLeft> {
    if (answer.image === null) return answer;
    const { image } = answer;
    ahead.image = image.id;
    const choice = bandChoiceOf(image, this.options.preferences.getState());
    // With another stretch the tiles have other addresses: those loaded ahead must be the ones that are shown.
    const statistics = needsStatistics(image, choice) ? ((await this.options.statistics?.(image).catch(() => null)) ?? null) : null;
    ahead.pictures = loadAhead(pictureOf(image, choice, statistics));
    return this.workspaceOf(answer);
  }

  /** Take what was loaded ahead, unless its lease ran out or there was nothing then. */
  private async takeAhead(): Promise<Workspace | NothingLeft> {
    const { ahead } = this;
    this.ahead = null;
    const ready = await ahead?.answer.catch(() => null);
    if (ready instanceof Workspace && (ready.leasedUntil_ms === null || ready.leasedUntil_ms > Date.now())) return this.brought(ready);
    return this.opened(await this.lease());
  }

  private async opened(answer: Loaded | NothingLeft): Promise<Workspace | NothingLeft> {
    return answer.image === null ? answer : this.workspaceOf(answer);
  }

  /** The tool and the label in hand go along to the image that was prepared earlier. */
  private brought(workspace: Workspace): Workspace {
    const session = this.store.getState().current?.session.store.getState();
    if (!session) return workspace;
    workspace.session.store.setState({ label: imageLabel(workspace.session.document()) ?? session.label, tool: session.tool });
    workspace.session.setMode(session.mode.startsWith("draw-") ? session.mode : "select");
    return workspace;
  }
}
