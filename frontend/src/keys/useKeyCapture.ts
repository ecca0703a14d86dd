import { useState, type KeyboardEvent } from "react";
import { bind, bindAlone, unbind, wouldMeet, type Bindable, type Conflict, type Keymap, type Keys, type Profiles } from "./keymap";
import { isModifier, keyName, pressOf, refusal } from "./names";

/** A key is being chosen for a command: nothing pressed yet, refused, or pressed and in somebody's way. */
export interface Asking {
  readonly id: string;
  /** The key whose place the new one takes; null adds one. */
  readonly instead: string | null;
  readonly refused: string | null;
  readonly pressed: string | null;
  readonly meets: readonly Conflict[];
}

interface Given {
  readonly bindables: readonly Bindable[];
  readonly profiles: Profiles;
  readonly keymap: Keymap;
  readonly onChange: (own: Keys) => void;
}

export interface KeyCapture {
  readonly asking: Asking | null;
  ask(id: string, instead: string | null): void;
  cancel(): void;
  press(event: KeyboardEvent): void;
  /** Give the pressed key although others have it, or take it from them. */
  settle(alone: boolean): void;
}

/** Press a key to bind it; what stands in its way is said before anything changes. */
export function useKeyCapture({ bindables, profiles, keymap, onChange }: Given): KeyCapture {
  const [asking, setAsking] = useState<Asking | null>(null);
  const without = (own: Keys, { id, instead }: Asking): Keys => (instead === null ? own : unbind(keymap, own, id, instead));
  const give = (one: Asking, key: string, alone: boolean): void => {
    const freed = without(profiles.own, one);
    // Resolved with the old key still in: binding reads the keys that a command has now.
    const base = { ...keymap, byCommand: new Map(keymap.byCommand).set(one.id, { keys: (keymap.byCommand.get(one.id)?.keys ?? []).filter((other) => other !== one.instead), source: "own" }) };
    onChange(alone ? bindAlone(bindables, base, freed, one.id, key) : bind(base, freed, one.id, key));
    setAsking(null);
  };
  return {
    asking,
    ask: (id, instead) => setAsking({ id, instead, refused: null, pressed: null, meets: [] }),
    cancel: () => setAsking(null),
    press: (event) => {
      if (!asking || event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") setAsking(null);
      if (event.key === "Escape" || isModifier(event.key)) return;
      const key = keyName(pressOf(event.nativeEvent));
      const refused = refusal(key);
      const meets = refused === null ? wouldMeet(bindables, keymap, profiles.own, profiles, asking.id, key) : [];
      if (refused !== null || meets.length > 0) setAsking({ ...asking, refused, pressed: key, meets });
      else give(asking, key, false);
    },
    settle: (alone) => {
      if (asking?.pressed) give(asking, asking.pressed, alone);
    },
  };
}
