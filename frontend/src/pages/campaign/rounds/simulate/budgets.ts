/** Numbers of labels as typed, "10, 20 40"; null where they are none, or do not rise. Nothing typed is an empty list. */
export function budgetsOf(text: string): number[] | null {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  const numbers = words.map(Number);
  const rise = numbers.every((value, place) => Number.isInteger(value) && value >= 1 && value > (numbers[place - 1] ?? 0));
  return rise ? numbers : null;
}
