/** Names of keys: "Ctrl+Shift+Z". Modifiers in one order; letters are capitals; Shift is told only where it does not already change the character. */

export interface Press {
  readonly key: string;
  readonly shift: boolean;
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export function keyName(press: Press): string {
  const letter = press.key.length === 1 && /\p{L}/u.test(press.key);
  const capital = press.key.toUpperCase();
  const key = letter && capital.length === 1 ? capital : press.key;
  const tellShift = press.shift && (letter || press.key.length > 1);
  return `${press.ctrl ? "Ctrl+" : ""}${tellShift ? "Shift+" : ""}${press.alt ? "Alt+" : ""}${key}`;
}

export function pressOf(event: KeyboardEvent): Press {
  return { key: event.key, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey };
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space", PageUp: "Page ↑", PageDown: "Page ↓",
};

/** The parts of a key as a person sees them, one a key cap: "Ctrl", "Shift", "Z". A plus sign is a key, too. */
export function keyCaps(name: string): readonly string[] {
  return name.split(/\+(?=.)/).map((part) => SHOWN[part] ?? part);
}

/** A key in words, for what reads the page aloud. */
export function keyWords(name: string): string {
  return name.split(/\+(?=.)/).map((part) => (part === " " ? "Space" : part)).join(" ");
}

/** Pressed alone they are no key yet. */
const MODIFIERS: ReadonlySet<string> = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "ScrollLock", "Fn", "Hyper", "Super", "OS"]);
const UNUSABLE: ReadonlySet<string> = new Set(["Dead", "Process", "Unidentified", "Compose"]);

export function isModifier(key: string): boolean {
  return MODIFIERS.has(key);
}

const PAGE_KEYS: Readonly<Record<string, string>> = {
  Tab: "Tab walks through the objects and the page.",
  "Shift+Tab": "Tab walks through the objects and the page.",
  " ": "Space pans the image while it is held.",
  Escape: "Esc leaves what was begun, everywhere on the page.",
};

const CLOSES = "The browser closes the tab or the window with it.";
const OPENS = "The browser opens a tab or a window with it.";
const BROWSER_KEYS: Readonly<Record<string, string>> = {
  "Ctrl+W": CLOSES, "Ctrl+Shift+W": CLOSES, "Alt+F4": CLOSES, "Ctrl+F4": CLOSES, "Ctrl+Shift+Q": CLOSES, "Ctrl+Q": CLOSES,
  "Ctrl+T": OPENS, "Ctrl+Shift+T": OPENS, "Ctrl+N": OPENS, "Ctrl+Shift+N": OPENS, "Ctrl+Shift+P": OPENS,
  "Ctrl+Tab": "The browser changes the tab with it.", "Ctrl+Shift+Tab": "The browser changes the tab with it.",
  "Ctrl+PageUp": "The browser changes the tab with it.", "Ctrl+PageDown": "The browser changes the tab with it.",
  F5: "The browser loads the page again with it.", "Ctrl+F5": "The browser loads the page again with it.", "Ctrl+R": "The browser loads the page again with it.", "Ctrl+Shift+R": "The browser loads the page again with it.",
  F11: "The browser fills the screen with it.", F12: "The browser opens its tools with it.", "Ctrl+Shift+I": "The browser opens its tools with it.", "Ctrl+Shift+J": "The browser opens its tools with it.",
  "Ctrl+L": "The browser goes to its address line with it.",
};

const NAME = /^(?:Ctrl\+)?(?:Shift\+)?(?:Alt\+)?(?:[A-Z][A-Za-z0-9]{1,20}|[^\s\p{Ll}])$/u;

/** Why a key cannot be given to a command; null when it can. */
export function refusal(name: string): string | null {
  const key = name.split(/\+(?=.)/).at(-1) ?? "";
  const reason = PAGE_KEYS[name] ?? BROWSER_KEYS[name];
  if (reason !== undefined) return reason;
  if (UNUSABLE.has(key) || MODIFIERS.has(key) || !NAME.test(name)) return "This key cannot be told apart from others; choose another.";
  return null;
}
