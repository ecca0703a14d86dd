/** A model as lists name it. The v keeps "Round 1" of version 2 from reading as "Round 1 2". */
export function modelTitle(model: { name: string; version: string }): string {
  return /^\d/.test(model.version) ? `${model.name} · v${model.version}` : `${model.name} · ${model.version}`;
}
