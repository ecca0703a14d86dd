/** The checkpoint that a new training is to go on from, in the address of the page: "12" is model 12 at its best, "12-last" at its end. */
export interface StartSearch {
  from?: string;
}

export function startSearch(search: Record<string, unknown>): StartSearch {
  const from = String(search["from"] ?? "");
  return /^\d+(-last)?$/.test(from) ? { from } : {};
}

/** What a training is told of where it goes on. */
export function startOf(from: string): { start_from?: number; start_role?: "last" } {
  const [model, role] = startSearch({ from }).from?.split("-") ?? [];
  return model === undefined ? {} : { start_from: Number(model), ...(role === "last" ? { start_role: "last" as const } : {}) };
}
