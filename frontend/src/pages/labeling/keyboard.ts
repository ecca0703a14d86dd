/** From key events to commands. Fields, dialogs and focused controls keep the keys that are theirs. */
import type { KeyPress } from "@/core/mode";
import type { Keymap } from "@/keys/keymap";
import { keyName, pressOf } from "@/keys/names";
import { COMMANDS, giveLabel, isLooking, walk, type Command, type Context } from "./commands";
import { labelOf } from "./page-keys";

export interface Keyboard {
  readonly context: () => Context | null;
  /** Only what changes nothing has keys. */
  readonly readOnly: () => boolean;
  readonly keymap: () => Keymap;
  readonly canvas: () => HTMLElement | null;
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
  const readOnly = keyboard.readOnly();
  const inHand = !readOnly || context.session.alive.onlyLooks === true;
  if (press.key === "Tab") return event.target === keyboard.canvas() && ((inHand && context.session.key(press)) || walk(context, press.shift ? -1 : 1));
  const ids = keyboard.keymap().byKey.get(keyName(press)) ?? [];
  if (readOnly) return (inHand && context.session.key(press)) || runFirst(context, ids.filter(isForLooking));
  const { effort } = context.desk.onDesk() ?? {};
  const repeats = event.repeat;
  if (context.session.key(press)) {
    effort?.input({ drew: context.session.store.getState().mode.startsWith("draw-"), repeats });
    return true;
  }
  const used = runFirst(context, ids);
  effort?.input({ repeats });
  return used;
}

const BY_ID: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [command.id, command]));

function isForLooking(id: string): boolean {
  const command = BY_ID.get(id);
  return command !== undefined && isLooking(command);
}

/** Run the first of the commands with a key that applies here. */
function runFirst(context: Context, ids: readonly string[]): boolean {
  return ids.some((id) => {
    const label = labelOf(id);
    if (label !== null) {
      giveLabel(context, label);
      return true;
    }
    const command = BY_ID.get(id);
    if (!command || !(command.when?.(context) ?? true)) return false;
    command.run(context);
    return true;
  });
}
