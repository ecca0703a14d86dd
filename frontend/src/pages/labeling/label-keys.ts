/** Which keys give which label. Commands keep their keys; a label whose key is taken falls back to a digit, and says so. */
import type { Label } from "@/api/types";

export interface LabelKey {
  readonly label: Label;
  /** As a person types it; null when no key is left. */
  readonly key: string | null;
  /** The key that the label asks for and cannot have. */
  readonly refused: string | null;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export function labelKeys(labels: readonly Label[], taken: ReadonlySet<string>): LabelKey[] {
  const used = new Set<string>();
  const own = labels.map((label) => {
    const wish = label.hotkey.toUpperCase();
    const free = wish !== "" && !taken.has(wish) && !used.has(wish);
    if (free) used.add(wish);
    return { label, key: free ? wish : null, refused: wish !== "" && !free ? wish : null };
  });
  return own.map((entry, at) => {
    if (entry.key !== null) return entry;
    const place = DIGITS[at];
    const digit = place !== undefined && !used.has(place) ? place : DIGITS.find((candidate) => !used.has(candidate));
    if (digit !== undefined) used.add(digit);
    return { ...entry, key: digit ?? null };
  });
}
