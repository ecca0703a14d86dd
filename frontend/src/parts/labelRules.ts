/** Which labels of an image go together: what the server would refuse at submit, said before. Pure. */
import type { Campaign, Label } from "@/api/types";

type Settings = Pick<Campaign["settings"], "min_labels" | "max_labels">;

function counted(number: number): string {
  return `${number} label${number === 1 ? "" : "s"}`;
}

/** The rule that these labels break, in a sentence; null when they keep all. */
export function brokenRule(labels: readonly Pick<Label, "id" | "name" | "group">[], chosen: ReadonlySet<number>, settings: Partial<Settings>): string | null {
  const { min_labels: least = 0, max_labels: most = null } = settings;
  if (chosen.size < least) return `Choose at least ${counted(least)}; this image has ${chosen.size}.`;
  if (most !== null && chosen.size > most) return `Choose at most ${counted(most)}; this image has ${chosen.size}.`;
  const firstOf = new Map<string, string>();
  for (const { id, name, group = "" } of labels) {
    if (group === "" || !chosen.has(id)) continue;
    const first = firstOf.get(group);
    if (first !== undefined) return `${first} and ${name} exclude each other (${group}): keep one of them.`;
    firstOf.set(group, name);
  }
  return null;
}
