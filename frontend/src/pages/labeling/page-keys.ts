/** The keys of the labeling page as they are for this person in this campaign: commands and labels in one map. */
import type { Label } from "@/api/types";
import { resolve, type Bindable, type Keymap, type Keys, type Profiles } from "@/keys/keymap";
import { COMMANDS } from "./commands";
import { labelKeys, type LabelKey } from "./label-keys";

export interface PageKeys {
  readonly bindables: readonly Bindable[];
  readonly profiles: Profiles;
  readonly keymap: Keymap;
  readonly labels: readonly LabelKey[];
}

export const LABEL_GROUP = "Labels";
const LABEL = "label:";

/** A label's name in a keymap. */
export function labelCommand(id: number): string {
  return `${LABEL}${id}`;
}

/** The label that a name of a keymap means; null for a command. */
export function labelOf(command: string): number | null {
  return command.startsWith(LABEL) ? Number(command.slice(LABEL.length)) : null;
}

export const COMMAND_BINDABLES: readonly Bindable[] = COMMANDS.map(({ id, title, group, keys, when, shape }) => ({ id, title, group, keys, conditional: when !== undefined, shape }));

/** Keys that no label can have by itself: those of commands, and what the page keeps. */
function taken(keymap: Keymap): ReadonlySet<string> {
  return new Set([...keymap.byKey.keys(), " ", "Tab"].map((key) => key.toUpperCase()));
}

export function pageKeys(labels: readonly Label[], profiles: Profiles): PageKeys {
  const entries = labelKeys(labels, taken(resolve(COMMAND_BINDABLES, profiles)));
  const ofLabels = entries.map(({ label, key }): Bindable => ({ id: labelCommand(label.id), title: label.name, group: LABEL_GROUP, keys: key === null ? [] : [key], conditional: false }));
  const bindables = [...COMMAND_BINDABLES, ...ofLabels];
  const keymap = resolve(bindables, profiles);
  return { bindables, profiles, keymap, labels: entries.map((entry) => withKey(entry, keymap)) };
}

/** The key that a person chose stands in the place of the one that the label asks for. */
function withKey(entry: LabelKey, { byCommand }: Keymap): LabelKey {
  const binding = byCommand.get(labelCommand(entry.label.id));
  return { ...entry, key: binding?.keys[0] ?? null, refused: binding?.source === "page" ? entry.refused : null };
}

/** Keys as they come from a server or a file, without what has no list. */
export function keysOf(document: unknown): Keys {
  if (typeof document !== "object" || document === null) return {};
  return Object.fromEntries(Object.entries(document).filter((entry): entry is [string, string[]] => Array.isArray(entry[1])));
}
