// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Campaign } from "@/api/types";
import { NO_PROFILES } from "@/keys/keymap";
import { SCISSORS } from "@/modes/path/settings";
import type { Session } from "@/modes/session";
import { click, sessionOf } from "@/modes/testing";
import { box } from "@/shapes/box";
import { humanAnnotation } from "@/actions/annotations";
import type { Context } from "./commands";
import { toolsOf } from "./commands";
import { handleKey } from "./keyboard";
import { pageKeys } from "./page-keys";
import { preferencesOf } from "./preferences";

let session: Session;
let readOnly = false;
let task = "segmentation";

function contextOf(): Context {
  const campaign = { task, settings: {} } as unknown as Campaign;
  const desk = { onDesk: () => ({ effort: { input: vi.fn() } }), say: vi.fn() };
  const viewer = { reveal: vi.fn(), panBy: vi.fn(), setFrame: vi.fn() };
  return { desk, session, viewer, preferences: preferencesOf(1), task: campaign.task, multiLabel: false, tools: toolsOf(campaign), toggleKeySheet: vi.fn(), openLabelPalette: vi.fn() } as unknown as Context;
}

function key(name: string, more: KeyboardEventInit = {}): boolean {
  const keyboard = { context: contextOf, readOnly: () => readOnly, keymap: () => pageKeys([], NO_PROFILES).keymap, canvas: () => null };
  return handleKey(keyboard, new KeyboardEvent("keydown", { key: name, ...more }));
}

const mode = (): string => session.store.getState().mode;
const hint = (): string => session.store.getState().overlay.hint ?? "";

beforeEach(() => {
  session = sessionOf([humanAnnotation("a", 1, { type: box.type, x: 10, y: 10, width: 50, height: 40, rotation: 0 })]);
  [readOnly, task] = [false, "segmentation"];
});

describe("who only looks", () => {
  beforeEach(() => (readOnly = true));

  it("measures, with the keys of the measure", () => {
    expect(key("m")).toBe(true);
    click(session, [0, 0]);
    click(session, [30, 40]);
    session.alive.move({ at: [30, 40], reach: 5, shift: false, alt: false, ctrl: false });
    expect(key("Enter")).toBe(true);
    expect(hint()).toBe("50.0 px");
    expect(key("Backspace")).toBe(true);
    key("Escape");
    key("Escape");
    expect(mode()).toBe("select");
  });

  it("draws, deletes and judges nothing, before a measure and during one", () => {
    session.select(["a"]);
    const before = session.document();
    for (const begin of [() => undefined, () => void key("m")]) {
      begin();
      for (const name of ["b", "p", "o", "d", "Delete", "x", "A", "1", "e"]) key(name);
      key("d", { ctrlKey: true });
      expect(session.document()).toBe(before);
      expect(["select", "measure"]).toContain(mode());
    }
  });
});

describe("the key of the intelligent scissors", () => {
  it("takes up the line tool used last with them, or the first one, and switches them while a line is drawn", () => {
    key("o");
    expect([mode(), session.settings.get(SCISSORS)]).toEqual(["draw-polygon", true]);
    key("o");
    expect([mode(), session.settings.get(SCISSORS)]).toEqual(["draw-polygon", false]);
    key("P", { shiftKey: true });
    key("v");
    key("o");
    expect([mode(), session.settings.get(SCISSORS)]).toEqual(["draw-polyline", true]);
  });

  it("means nothing where no lines are drawn", () => {
    task = "keypoints";
    expect(key("o")).toBe(false);
    expect(mode()).toBe("select");
  });
});
