import { Kbd } from "@mantine/core";
import { createContext, useContext } from "react";
import { NO_PROFILES, resolve, type Keymap } from "./keymap";
import { keyCaps } from "./names";

/** The keys of this person on this page; panels of shapes read them, too. */
export const KeysContext = createContext<Keymap>(resolve([], NO_PROFILES));

/** The keys that run a command for this person now; a label's command is `label:` and its id. */
export function useKeys(command: string): readonly string[] {
  return useContext(KeysContext).byCommand.get(command)?.keys ?? [];
}

/** A key in one cap: "Ctrl ⇧Z". */
export function keyText(name: string): string {
  return keyCaps(name).join(" ").replace("Shift ", "⇧");
}

/** The first key of a command, where it has one; in little room with signs for Alt and Ctrl. */
export function KeyHint({ command, short = false }: { command: string; short?: boolean }) {
  const [first] = useKeys(command);
  if (first === undefined) return null;
  return (
    <Kbd size="xs" title={short ? keyText(first) : undefined}>
      {short ? keyText(first).replace("Alt ", "⌥").replace("Ctrl ", "⌃") : keyText(first)}
    </Kbd>
  );
}
