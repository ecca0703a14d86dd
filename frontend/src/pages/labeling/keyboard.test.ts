// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import type { Label } from "@/api/types";
import { COMMAND_KEYS, COMMANDS } from "./commands";
import { keyName } from "@/keys/names";
import { isTheirs } from "./keyboard";
import { labelKeys } from "./label-keys";

const label = (id: number, name: string, hotkey = ""): Label => ({ id, name, color: "#336699", hotkey, position: id });
const press = (key: string, more: { shift?: boolean; ctrl?: boolean } = {}) => ({ key, shift: false, ctrl: false, alt: false, ...more });

function element(html: string): Element {
  document.body.innerHTML = html;
  const found = document.body.querySelector("[data-target]");
  if (!found) throw new Error(html);
  return found;
}

describe("keys", () => {
  it("are named as a person reads them", () => {
    expect(keyName(press("z", { ctrl: true }))).toBe("Ctrl+Z");
    expect(keyName(press("Z", { ctrl: true, shift: true }))).toBe("Ctrl+Shift+Z");
    expect(keyName(press("?", { shift: true }))).toBe("?");
    expect(keyName(press("ArrowLeft", { shift: true }))).toBe("Shift+ArrowLeft");
  });

  it("mean one command each, unless commands say when", () => {
    const always = COMMANDS.filter((command) => command.when === undefined).flatMap((command) => command.keys);
    expect(new Set(always).size).toBe(always.length);
  });

  it("stay with what is typed into, with dialogs, and with focused controls where they work there", () => {
    expect(isTheirs(element("<input data-target />"), press("a"))).toBe(true);
    expect(isTheirs(element("<input data-target />"), press("z", { ctrl: true }))).toBe(true);
    expect(isTheirs(element("<div role='dialog'><button data-target></button></div>"), press("a"))).toBe(true);
    expect(isTheirs(element("<button data-target></button>"), press("Enter"))).toBe(true);
    expect(isTheirs(element("<button data-target></button>"), press("Enter", { ctrl: true }))).toBe(false);
    expect(isTheirs(element("<button data-target></button>"), press("a"))).toBe(false);
    expect(isTheirs(element("<input type='range' data-target />"), press("ArrowLeft"))).toBe(true);
    expect(isTheirs(element("<input type='range' data-target />"), press("a"))).toBe(false);
    expect(isTheirs(element("<div data-target></div>"), press("Enter"))).toBe(false);
  });
});

describe("label keys", () => {
  it("are those that the campaign chose", () => {
    expect(labelKeys([label(1, "Water", "w"), label(2, "Land", "l")], COMMAND_KEYS).map(({ key }) => key)).toEqual(["W", "L"]);
  });

  it("fall back to the digit of the place where a command has the key, and say so", () => {
    expect(labelKeys([label(1, "Water", "a"), label(2, "Land")], COMMAND_KEYS)).toMatchObject([
      { key: "1", refused: "A" },
      { key: "2", refused: null },
    ]);
  });

  it("never give one key to two labels", () => {
    const labels = Array.from({ length: 14 }, (_, at) => label(at, `L${at}`, at % 3 === 0 ? String((at % 9) + 1) : ""));
    const keys = labelKeys(labels, COMMAND_KEYS).flatMap(({ key }) => key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
