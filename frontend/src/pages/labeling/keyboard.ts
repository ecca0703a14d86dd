/** From key events to commands. Fields, dialogs and focused controls keep the keys that are theirs. */
import type { KeyPress } from "@/core/mode";
import { COMMANDS, giveLabel, walk, type Context } from "./commands";
import type { LabelKey } from "./label-keys";

export interface Keyboard {
  readonly context: () => Context | null;
  readonly labels: () => readonly LabelKey[];
  readonly canvas: () => HTMLElement | null;
}

/** "Ctrl+Shift+Z"; Shift is told only where it does not already change the character. */
export function keyName(press: KeyPress): string {
  const letter = press.key.length === 1 && /\p{L}/u.test(press.key);
  const key = letter ? press.key.toUpperCase() : press.key;
  const tellShift = press.shift && (letter || press.key.length > 1);
  return `${press.ctrl ? "Ctrl+" : ""}${tellShift ? "Shift+" : ""}${press.alt ? "Alt+" : ""}${key}`;
}

export function pressOf(event: KeyboardEvent): KeyPress {
  return { key: event.key, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey };
}

const FIELD = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true], [role=combobox], [role=textbox]";
const CONTROL = "button, a[href], summary, input, [role=slider], [role=switch], [role=option], [role=menuitem], [role=tab]";
const CONTROL_KEYS = new Set(["Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** Whether what has the focus, or an open dialog, needs this key for itself. */
export function isTheirs(target: EventTarget | null, press: KeyPress): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("[role=dialog], [role=menu], [role=listbox][data-popup]")) return true;
  if (press.ctrl) return target.closest(FIELD) !== null && press.key !== "Enter";
  if (target.closest(FIELD)) return true;
  return CONTROL_KEYS.has(press.key) && target.closest(CONTROL) !== null;
}

/** Use a key; true when it was used. */
export function handleKey(keyboard: Keyboard, event: KeyboardEvent): boolean {
  const context = keyboard.context();
  const press = pressOf(event);
  if (!context || event.isComposing || isTheirs(event.target, press)) return false;
  if (press.key === "Tab") return event.target === keyboard.canvas() && (context.session.key(press) || walk(context, press.shift ? -1 : 1));
  if (context.session.key(press)) return true;
  return runCommand(context, keyName(press)) || runLabel(context, keyboard.labels(), press);
}

function runCommand(context: Context, name: string): boolean {
  const command = COMMANDS.find((candidate) => candidate.keys.includes(name) && (candidate.when?.(context) ?? true));
  command?.run(context);
  return command !== undefined;
}

function runLabel(context: Context, labels: readonly LabelKey[], press: KeyPress): boolean {
  if (press.ctrl || press.alt) return false;
  const entry = labels.find((candidate) => candidate.key === press.key.toUpperCase());
  if (entry) giveLabel(context, entry.label.id);
  return entry !== undefined;
}
