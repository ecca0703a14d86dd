// @vitest-environment jsdom
import { NO_DEFINITIONS } from "@/core/attributes";
import { NO_SKELETONS } from "@/core/skeleton";
import { ToolSettings } from "@/core/tool-settings";
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Annotation } from "@/core/types";
import { add, humanAnnotation } from "@/actions/annotations";
import { Desk, type DeskState } from "./desk";
import { AttachedModels } from "./attached-models";
import { OnOpenModels } from "./on-open";
import { preferencesOf } from "./preferences";
import { FakeServer } from "./testing";
import type { Workspace } from "./workspace";

const box = (id: string): Annotation => humanAnnotation(id, 1, { type: "box", x: 1, y: 1, width: 9, height: 9, rotation: 0 });
const draft = (id: string, confidence: number, shape: Annotation["shape"] = box(id).shape): Annotation => ({ ...box(id), shape, origin: "prediction", review: "draft", confidence });

let desk: Desk | null = null;
let campaign = 0;

async function open(server: FakeServer, more: Partial<ConstructorParameters<typeof Desk>[0]> = {}): Promise<Desk> {
  vi.stubGlobal("fetch", server.fetch);
  campaign += 1;
  desk = new Desk({ campaign, task: "detection", multiLabel: false, firstLabel: 1, mayLabel: true, preferences: preferencesOf(campaign), settings: new ToolSettings(), definitions: NO_DEFINITIONS, skeletons: NO_SKELETONS, ...more });
  await desk.start(null);
  return desk;
}

const state = (on: Desk): DeskState => on.store.getState();
const imageOn = (on: Desk): number | undefined => on.onDesk()?.image.id;
const until = (claim: () => void): Promise<void> => vi.waitFor(claim, { timeout: 3_000, interval: 5 });

beforeEach(() => localStorage.clear());
afterEach(async () => {
  desk?.close();
  vi.unstubAllGlobals();
  await new Promise((resolve) => setTimeout(resolve, 0));
});

describe("the desk", () => {
  it("leases the next image while the person works on this one, and never the same twice", async () => {
    const server = new FakeServer([11, 12, 13]);
    const on = await open(server);
    expect(imageOn(on)).toBe(11);
    await until(() => expect(server.leased).toEqual([11, 12]));
    await on.submit();
    expect(imageOn(on)).toBe(12);
    await until(() => expect(server.leased).toEqual([11, 12, 13]));
  });

  it("submits what was drawn, saved first, and goes on before the server has answered", async () => {
    const server = new FakeServer([21, 22]);
    const on = await open(server);
    await until(() => expect(server.leased).toHaveLength(2));
    on.onDesk()?.session.apply("Drew", (document) => add(document, box("drawn")));
    let answer = (): void => undefined;
    server.gate = new Promise((resolve) => (answer = resolve));
    await on.submit();
    expect(imageOn(on)).toBe(22);
    expect(server.submitted).toEqual([]);
    expect(on.isSafe()).toBe(false);
    answer();
    await until(() => expect(server.submitted).toEqual([21]));
    expect(server.sets.get(21)?.annotations).toEqual([box("drawn")]);
    await until(() => expect(state(on).submitted).toBe(1));
  });

  it("accepts the drafts that are shown when the person submits, and drops the others' claim", async () => {
    const server = new FakeServer([31, 32], [draft("sure", 0.9), draft("unsure", 0.2)]);
    const on = await open(server);
    await on.submit();
    await until(() => expect(server.submitted).toEqual([31]));
    const reviews = server.sets.get(31)?.annotations.map(({ id, review }) => [id, review]);
    expect(reviews).toContainEqual(["sure", "accepted"]);
    expect(reviews).toContainEqual(["unsure", "draft"]);
  });

  it("brings a refused image back, with the reason and the work", async () => {
    const server = new FakeServer([41, 42, 43]);
    const on = await open(server);
    on.onDesk()?.session.apply("Drew", (document) => add(document, box("mine")));
    server.refuseSubmit = true;
    await on.submit();
    await until(() => expect(state(on).failures.map(({ message }) => message)).toEqual(["The campaign is closed."]));
    expect(on.isSafe()).toBe(false);
    await on.next();
    expect(imageOn(on)).toBe(41);
    expect(on.onDesk()?.session.document().has("mine")).toBe(true);
    expect(state(on)).toMatchObject({ failures: [], notice: "This image was not handed in. The campaign is closed." });
  });

  it("shows the newer version when somebody saved between our last save and our submit", async () => {
    const server = new FakeServer([44, 45]);
    const on = await open(server);
    const first = on.onDesk();
    const set = server.sets.get(44);
    vi.spyOn(first?.autosave ?? expect.fail("an image is open"), "report").mockImplementation(() => {
      if (set) Object.assign(set, { version: 9, annotations: [box("theirs")] });
      return Promise.resolve("saved");
    });
    await on.submit();
    await until(() => expect(state(on).failures).toHaveLength(1));
    await on.next();
    expect(imageOn(on)).toBe(44);
    expect([...(on.onDesk()?.session.document().keys() ?? [])]).toEqual(["theirs"]);
    expect(server.submitted).toEqual([]);
  });

  it("shows why nothing is left, and the way back to what was done", async () => {
    const on = await open(new FakeServer([51]));
    await on.submit();
    await until(() => expect(state(on)).toMatchObject({ status: "empty", reason: "Nothing is left." }));
    await on.previous();
    expect(imageOn(on)).toBe(51);
  });

  it("goes back and forth along the images it has seen", async () => {
    const on = await open(new FakeServer([61, 62, 63]));
    await on.submit();
    await on.previous();
    expect(imageOn(on)).toBe(61);
    await on.next();
    expect(imageOn(on)).toBe(62);
  });

  it("learns from a save that somebody excluded the image, and from the next one that it was taken in again", async () => {
    const server = new FakeServer([65, 66]);
    const on = await open(server);
    const first = on.onDesk() ?? expect.fail("an image is open");
    const draw = (id: string): Promise<unknown> => {
      first.session.apply("Drew", (document) => add(document, box(id)));
      return first.autosave.flush();
    };
    await draw("before");
    expect(first.store.getState().excluded).toBe(false);
    server.excluded.add(65);
    await draw("after");
    expect(first.store.getState().excluded).toBe(true);
    expect(first.autosave.state).toBe("saved");
    server.excluded.delete(65);
    await draw("again");
    expect(first.store.getState().excluded).toBe(false);
    server.excluded.add(65);
    await on.submit();
    await until(() => expect(state(on).notice).toBe("Somebody excluded 65.jpg meanwhile: its labels are kept, and count when it is taken in again."));
  });

  it("tells which images were handed in without a network, until they have arrived", async () => {
    const server = new FakeServer([67, 68, 69]);
    const on = await open(server);
    await until(() => expect(server.leased).toHaveLength(2));
    server.down = true;
    await on.submit();
    await until(() => expect(state(on).waiting.map(({ image }) => image.id)).toEqual([67]));
    expect(imageOn(on)).toBe(68);
    server.down = false;
    await vi.waitFor(() => expect(server.submitted).toEqual([67]), { timeout: 8_000 });
    await until(() => expect(state(on)).toMatchObject({ waiting: [], pending: [] }));
  }, 10_000);

  it("skips without submitting", async () => {
    const server = new FakeServer([71, 72]);
    const on = await open(server);
    await on.skip("too dark");
    expect(imageOn(on)).toBe(72);
    expect([server.skipped, server.submitted]).toEqual([[71], []]);
  });

  it("does not hand in an image without its one label", async () => {
    const server = new FakeServer([81, 82]);
    const on = await open(server, { task: "classification" });
    await on.submit();
    expect(imageOn(on)).toBe(81);
    expect(state(on).notice).toContain("Choose a label");
  });

  it("takes a sure guess for the one label when the person submits", async () => {
    const server = new FakeServer([83, 84], [draft("guess", 0.8, { type: "whole" })]);
    const on = await open(server, { task: "classification" });
    await on.submit();
    await until(() => expect(server.submitted).toEqual([83]));
    expect(server.sets.get(83)?.annotations[0]).toMatchObject({ review: "accepted", origin: "prediction" });
  });

  it("carries the tool and the label in hand to the next image", async () => {
    const on = await open(new FakeServer([91, 92]));
    on.onDesk()?.session.setMode("draw-box");
    on.onDesk()?.session.setLabel(2);
    await on.submit();
    expect(on.onDesk()?.session.store.getState()).toMatchObject({ mode: "draw-box", label: 2 });
  });

  it("gives the image's own label to its next object, rather than the one in hand", async () => {
    const server = new FakeServer([95, 96]);
    const whole = { ...humanAnnotation("w", 7, { type: "whole" }) };
    server.sets.get(96)?.annotations.push({ ...whole, id: "v", label: 6 }, { ...whole, default: true });
    const on = await open(server);
    expect(on.onDesk()?.session.label()).toBe(1);
    await on.submit();
    expect(on.onDesk()?.session.label()).toBe(7);
  });

  it("brings unsaved changes back after a crash", async () => {
    const server = new FakeServer([101]);
    const before = await open(server);
    server.down = true;
    before.onDesk()?.session.apply("Drew", (document) => add(document, box("lost?")));
    await until(() => expect(before.onDesk()?.autosave.state).toBe("unsaved"));
    before.onDesk()?.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.down = false;
    const after = await open(server);
    expect(after.onDesk()?.session.document().has("lost?")).toBe(true);
    await until(() => expect(server.sets.get(101)?.annotations.map(({ id }) => id)).toEqual(["lost?"]));
  });

  it("says what to do about a label that was removed meanwhile, and saves once another was given", async () => {
    const server = new FakeServer([114]);
    const workspace = (await open(server)).onDesk();
    server.removedLabel = 1;
    workspace?.session.apply("Drew", (document) => add(document, box("late")));
    expect(await workspace?.autosave.flush()).toBe("refused");
    expect(workspace?.autosave.store.getState().message).toMatch(/^A label that you gave was removed.*give them another label\.$/);
    workspace?.session.apply("Changed", (document) => add(document, { ...box("late"), label: 2 }));
    await until(() => expect(server.sets.get(114)?.annotations.map(({ label }) => label)).toEqual([2]));
  });

  it("tells what it cost after the tab was closed offline, once", async () => {
    const server = new FakeServer([113]);
    const before = await open(server);
    const workspace = before.onDesk();
    server.down = true;
    workspace?.session.apply("Drew", (document) => add(document, box("paid")));
    workspace?.session.select(["paid"]);
    workspace?.effort.pass(6);
    workspace?.effort.input({ drew: true });
    expect(await workspace?.autosave.flush()).toBe("offline");
    workspace?.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.down = false;
    const after = await open(server);
    await until(() => expect(after.onDesk()?.autosave.state).toBe("saved"));
    await after.onDesk()?.autosave.report();
    expect(server.told.filter((effort) => "paid" in effort)).toEqual([{ paid: { active_s: 6, actions: 1 } }]);
  });

  it("asks instead of overwriting when somebody saved during the crash", async () => {
    const server = new FakeServer([111]);
    const before = await open(server);
    server.down = true;
    before.onDesk()?.session.apply("Drew", (document) => add(document, box("one")));
    before.onDesk()?.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.down = false;
    const set = server.sets.get(111);
    if (set) Object.assign(set, { version: 5, annotations: [{ ...box("one"), label: 2 }] });
    const after = await open(server);
    expect(after.onDesk()?.autosave.state).toBe("conflict");
    expect(server.sets.get(111)?.annotations.map(({ label }) => label)).toEqual([2]);
  });

  it("brings unsaved changes back beside what somebody saved during the crash", async () => {
    const server = new FakeServer([112]);
    const before = await open(server);
    server.down = true;
    before.onDesk()?.session.apply("Drew", (document) => add(document, box("mine")));
    before.onDesk()?.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.down = false;
    const set = server.sets.get(112);
    if (set) Object.assign(set, { version: 5, annotations: [box("theirs")] });
    const after = await open(server);
    await until(() => expect(server.sets.get(112)?.annotations.map(({ id }) => id)).toEqual(["theirs", "mine"]));
    expect(after.onDesk()?.autosave.state).toBe("saved");
  });
});

describe("a model that is asked when an image is opened", () => {
  const onDesk = (on: Desk): Workspace => {
    const workspace = on.onDesk();
    if (!workspace) throw new Error("no image is on the desk");
    return workspace;
  };
  const asking = (server: FakeServer): Promise<Desk> => open(server, { onOpen: new OnOpenModels(new AttachedModels(campaign)) });

  it("drafts on the image at hand and on the next one, and undo does not take its drafts away", async () => {
    const server = new FakeServer([301, 302]);
    server.model = { drafts: [draft("d1", 0.9)], gate: Promise.resolve() };
    const on = await asking(server);
    await until(() => expect(on.onDesk()?.session.document().size).toBe(1));
    await until(() => expect(server.asked).toEqual([301, 302]));
    on.onDesk()?.session.undo();
    expect(on.onDesk()?.session.document().has("d1")).toBe(true);
    await on.submit();
    await until(() => expect(server.submitted).toEqual([301]));
    expect(on.onDesk()?.session.document().has("d1")).toBe(true);
  });

  it("leaves alone what a person began before it answered", async () => {
    const server = new FakeServer([311]);
    let answer = (): void => undefined;
    server.model = { drafts: [draft("d1", 0.9)], gate: new Promise((resolve) => (answer = resolve)) };
    const on = await asking(server);
    const workspace = onDesk(on);
    await until(() => expect(workspace.store.getState().asking).toBe("asking"));
    workspace.session.apply("Drew", (document) => add(document, box("mine")));
    answer();
    await until(() => expect(workspace.store.getState().asking).toBe(""));
    expect([...workspace.session.document().keys()]).toEqual(["mine"]);
  });

  it("says why there are no drafts and holds nobody up", async () => {
    const server = new FakeServer([321]);
    server.model = { drafts: [], gate: Promise.resolve(), reason: "No answer within 10 seconds." };
    const workspace = onDesk(await asking(server));
    await until(() => expect(workspace.store.getState()).toMatchObject({ asking: "failed", askedReason: "Coast: No answer within 10 seconds." }));
  });

  it("is not asked where the campaign has none", async () => {
    const server = new FakeServer([331]);
    await asking(server);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.asked).toEqual([]);
  });
});
