import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { add, humanAnnotation, remove } from "@/actions/annotations";
import type { JournalEntry } from "./journal";
import { Autosave, REST_MS, type SaveOutcome, type SaveRequest } from "./autosave";
import { NO_WORK } from "./effort";
import { applyPatch, documentOf, EMPTY_DOCUMENT, type AnnotationDocument } from "./document";
import type { Annotation } from "./types";

const box = (id: string, x = 0): Annotation => humanAnnotation(id, 1, { type: "box", x, y: 0, width: 5, height: 5, rotation: 0 });

/** A server of one annotation set, and a wire that can break before or after it. */
class Server {
  document: AnnotationDocument = EMPTY_DOCUMENT;
  version = 1;
  requests: SaveRequest[] = [];
  trouble: ("before" | "after" | "refuse")[] = [];

  send = (request: SaveRequest): Promise<SaveOutcome> => {
    this.requests.push(request);
    const trouble = this.trouble.shift();
    if (trouble === "before") return Promise.resolve({ kind: "offline", message: "away" });
    if (trouble === "refuse") return Promise.resolve({ kind: "refused", message: "no" });
    if (request.version !== this.version) return Promise.resolve({ kind: "conflict", version: this.version, document: this.document });
    this.document = applyPatch(this.document, request.patch);
    this.version += 1;
    return Promise.resolve(trouble === "after" ? { kind: "offline", message: "away" } : { kind: "saved", version: this.version });
  };

  /** Somebody else saves. */
  elsewhere(document: AnnotationDocument): void {
    this.document = document;
    this.version += 1;
  }
}

function desk(server: Server) {
  const page = { document: server.document, journal: null as JournalEntry | null, work: NO_WORK };
  const autosave: Autosave = new Autosave(
    {
      send: (request) => server.send(request),
      read: () => page.document,
      replace: (document) => (page.document = document),
      takeIn: (patch) => (page.document = applyPatch(page.document, patch)),
      standsAlone: ({ shape }) => shape.type !== "whole",
      takeWork: () => {
        const work = page.work;
        page.work = NO_WORK;
        return work;
      },
      untoldWork: () => page.work,
      giveBackWork: (work) => (page.work = work),
      remember: (entry) => (page.journal = entry),
    },
    server.document,
    server.version,
  );
  const edit = (document: AnnotationDocument): void => {
    page.document = document;
    autosave.note();
  };
  return { page, autosave, edit };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("autosave", () => {
  it("sends one small patch within a second of rest", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    edit(add(page.document, box("b")));
    expect(server.requests).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.requests.map(({ patch }) => patch.upsert.map(({ id }) => id))).toEqual([["a", "b"]]);
    expect(autosave.state).toBe("saved");
    expect(page.journal).toBeNull();
  });

  it("gets over a report that found the network away", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await autosave.flush();
    server.trouble = ["before", "before"];
    expect(await autosave.report()).toBe("offline");
    expect(await autosave.report()).toBe("offline");
    expect(await autosave.report()).toBe("saved");
  });

  it("finds out by itself that the network is back, though nothing is left to save", async () => {
    const server = new Server();
    const { autosave } = desk(server);
    server.trouble = ["before"];
    expect(await autosave.report()).toBe("offline");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toBe("saved");
  });

  it("keeps what is not saved in the journal, from the first moment", () => {
    const { edit, page } = desk(new Server());
    edit(add(page.document, box("a")));
    expect(page.journal?.patch.upsert).toEqual([box("a")]);
    expect(page.journal?.before).toEqual({ a: null });
  });

  it("sends nothing when the person comes back to what is saved", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    const before = page.document;
    edit(add(before, box("a")));
    edit(before);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.requests).toHaveLength(0);
    expect(autosave.state).toBe("saved");
  });

  it("tries again when the network is away, and says so meanwhile", async () => {
    const server = new Server();
    server.trouble = ["before", "before"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await vi.advanceTimersByTimeAsync(REST_MS + 10);
    expect(autosave.state).toBe("offline");
    expect(page.journal).not.toBeNull();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(autosave.state).toBe("saved");
    expect([...server.document.keys()]).toEqual(["a"]);
  });

  it("loses nothing that is drawn while the network is away", async () => {
    const server = new Server();
    server.trouble = ["before"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await vi.advanceTimersByTimeAsync(REST_MS + 10);
    edit(add(page.document, box("b")));
    autosave.wake();
    await vi.advanceTimersByTimeAsync(3_000);
    expect([...server.document.keys()]).toEqual(["a", "b"]);
  });

  it("takes a lost answer for what it is: the save had arrived", async () => {
    const server = new Server();
    server.trouble = ["after"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(autosave.state).toBe("saved");
    expect(server.version).toBe(2);
  });

  it("stops at a conflict and overwrites nothing until the person has chosen", async () => {
    const server = new Server();
    server.document = documentOf([box("a")]);
    const { autosave, edit, page } = desk(server);
    server.elsewhere(documentOf([box("a", 9), box("theirs")]));
    edit(add(page.document, box("a", 3)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(autosave.state).toBe("conflict");
    expect(server.requests).toHaveLength(1);
    expect(server.document.get("a")).toEqual(box("a", 9));
    autosave.resolve(add(server.document, box("a", 3)));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toBe("saved");
    expect([...server.document.values()]).toEqual([box("a", 3), box("theirs")]);
  });

  it("needs no save after taking the others' version", async () => {
    const server = new Server();
    server.document = documentOf([box("a")]);
    const { autosave, edit, page } = desk(server);
    server.elsewhere(documentOf([box("a", 9)]));
    edit(add(page.document, box("a", 3)));
    await vi.advanceTimersByTimeAsync(2_000);
    autosave.resolve(server.document);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toBe("saved");
    expect([...page.document.values()]).toEqual([box("a", 9)]);
    expect(server.requests).toHaveLength(1);
  });

  it("asks nothing where two tabs changed different objects: both have all of it in the end", async () => {
    const server = new Server();
    server.document = documentOf([box("a"), box("b"), box("c")]);
    const [first, second] = [desk(server), desk(server)];
    first.edit(add(remove(first.page.document, ["a"]), box("first")));
    await vi.advanceTimersByTimeAsync(2_000);
    second.edit(add(add(second.page.document, box("b", 7)), box("second")));
    await vi.advanceTimersByTimeAsync(2_000);
    first.edit(remove(first.page.document, ["c"]));
    await vi.advanceTimersByTimeAsync(2_000);
    const wanted = [box("b", 7), box("first"), box("second")];
    const sorted = (document: AnnotationDocument): Annotation[] => [...document.values()].sort((a, b) => a.id.localeCompare(b.id));
    expect([sorted(server.document), sorted(first.page.document), first.autosave.state, second.autosave.state]).toEqual([wanted, wanted, "saved", "saved"]);
  });

  it("goes on with what was changed while the answer was on its way", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    server.elsewhere(documentOf([box("theirs")]));
    const send = server.send.bind(server);
    server.send = (request) => {
      server.send = send;
      edit(add(page.document, box("meanwhile")));
      return send(request);
    };
    edit(add(page.document, box("mine")));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(autosave.state).toBe("saved");
    expect(new Set(server.document.keys())).toEqual(new Set(["theirs", "mine", "meanwhile"]));
  });

  it("asks which label the whole image has, though the labels are two annotations", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    server.elsewhere(documentOf([humanAnnotation("theirs", 1, { type: "whole" })]));
    edit(add(page.document, humanAnnotation("mine", 2, { type: "whole" })));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toBe("conflict");
  });

  it("does not repeat by itself what the server refused, and tries again when told to", async () => {
    const server = new Server();
    server.trouble = ["refuse"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(autosave.state).toBe("refused");
    expect(server.requests).toHaveLength(1);
    autosave.wake();
    await vi.advanceTimersByTimeAsync(100);
    expect(autosave.state).toBe("saved");
  });

  it("sends a correction after a refusal", async () => {
    const server = new Server();
    server.trouble = ["refuse"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("bad")));
    await vi.advanceTimersByTimeAsync(2_000);
    edit(add(remove(page.document, ["bad"]), box("good")));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(autosave.state).toBe("saved");
    expect([...server.document.keys()]).toEqual(["good"]);
  });

  it("tells work again when the save that told it did not arrive, and only then", async () => {
    const server = new Server();
    server.trouble = ["before"];
    const { autosave, edit, page } = desk(server);
    const work = { active_s: 4, effort: { a: { active_s: 4, actions: 2 } } };
    page.work = work;
    edit(add(page.document, box("a")));
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(autosave.state).toBe("offline");
    expect(page.work).toEqual(work);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.requests.map(({ effort }) => effort)).toEqual([work.effort, work.effort]);
    expect(page.work).toEqual(NO_WORK);
  });

  it("writes down beside unsaved changes what they cost, also while a save is on its way", async () => {
    const server = new Server();
    server.trouble = ["before"];
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    // A gesture is accounted for after the change that it made.
    page.work = { active_s: 4, effort: { a: { active_s: 4, actions: 2 } } };
    const flushed = autosave.flush();
    expect(page.work).toEqual(NO_WORK);
    expect(page.journal?.work).toEqual({ active_s: 4, effort: { a: { active_s: 4, actions: 2 } } });
    await flushed;
    page.work = { active_s: 5, effort: { a: { active_s: 5, actions: 3 } } };
    edit(add(page.document, box("b")));
    expect(page.journal?.work).toEqual(page.work);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([autosave.state, page.journal]).toEqual(["saved", null]);
  });

  it("flushes at once, and reports active seconds even without a change", async () => {
    const server = new Server();
    const { autosave, edit, page } = desk(server);
    edit(add(page.document, box("a")));
    await autosave.flush();
    expect(server.requests).toHaveLength(1);
    page.work = { active_s: 12, effort: { a: { active_s: 3, actions: 2 } } };
    await autosave.report();
    expect(server.requests[1]).toMatchObject({ patch: { upsert: [], delete: [] }, active_s: 12, effort: { a: { active_s: 3, actions: 2 } } });
  });
});
