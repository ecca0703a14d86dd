import type { ModelFields, RegisteredModel } from "@/api/types";

/** What a form says otherwise than the model it began with: only that is saved, so that the rest stays as a colleague has set it meanwhile. */
export function changedFields(begun: RegisteredModel, fields: Partial<ModelFields>): Partial<ModelFields> {
  const before = new Map<string, unknown>(Object.entries(begun));
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !before.has(name) || JSON.stringify(before.get(name)) !== JSON.stringify(value)));
}
