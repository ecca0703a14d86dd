/**
 * Which images the gallery shows: groups of conditions, of which all, any or none hold; the groups all hold together.
 *
 * One model in three forms: chips on the page, a text in the address, and the query of the interface.
 */

export const MODES = ["all", "any", "none"] as const;
export type Mode = (typeof MODES)[number];

type Kind = "label" | "person" | "number" | "share" | "date" | "text" | "choice";

export interface FieldFacts {
  readonly kind: Kind;
  readonly options?: readonly string[];
}

/** Every condition by its name in the interface; labels have a name of their own, because groups combine them. */
export const FIELDS = {
  label: { kind: "label" },
  default_label: { kind: "label" },
  label_type: { kind: "choice", options: ["none", "single", "multiple"] },
  default: { kind: "choice", options: ["set", "unset", "ambiguous"] },
  state: { kind: "choice", options: ["unlabeled", "submitted", "accepted", "returned", "excluded"] },
  split: { kind: "choice", options: ["train", "validation", "test", "none"] },
  labeled_by: { kind: "person" },
  flagged: { kind: "choice", options: ["true", "false"] },
  drafts: { kind: "choice", options: ["true", "false"] },
  score_gte: { kind: "share" },
  score_lte: { kind: "share" },
  sharpness_gte: { kind: "number" },
  sharpness_lte: { kind: "number" },
  brightness_gte: { kind: "number" },
  brightness_lte: { kind: "number" },
  contrast_gte: { kind: "number" },
  contrast_lte: { kind: "number" },
  created_after: { kind: "date" },
  created_before: { kind: "date" },
  submitted_after: { kind: "date" },
  submitted_before: { kind: "date" },
  q: { kind: "text" },
} as const satisfies Record<string, FieldFacts>;

export type Field = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as Field[];

export interface Condition {
  readonly field: Field;
  readonly value: string;
}

export interface Group {
  readonly mode: Mode;
  readonly conditions: readonly Condition[];
}

export interface Filter {
  /** A part of the name. */
  readonly q: string;
  readonly groups: readonly Group[];
}

export const NO_FILTER: Filter = { q: "", groups: [] };

/** As the interface takes it: flat parameters, and a nested `where` for what they cannot say. */
export type Query = Readonly<Record<string, string>>;
export type Where = { readonly and: readonly Where[] } | { readonly or: readonly Where[] } | { readonly not: Where } | { readonly [parameter: string]: string };

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function isField(name: string): name is Field {
  return Object.hasOwn(FIELDS, name);
}

/** Whether a value can be asked for; what cannot is left out and never sent. */
export function isValue(field: Field, value: string): boolean {
  const facts: FieldFacts = FIELDS[field];
  switch (facts.kind) {
    case "label":
    case "person":
      return /^[1-9]\d*$/.test(value);
    case "number":
    case "share":
      return /^-?\d+(\.\d+)?$/.test(value);
    case "date":
      return DAY.test(value) && !Number.isNaN(Date.parse(value));
    case "text":
      return value.trim() !== "";
    case "choice":
      return facts.options?.includes(value) ?? false;
  }
}

function isWhole(condition: Condition): boolean {
  return isValue(condition.field, condition.value);
}

export function isEmpty(filter: Filter): boolean {
  return filter.q === "" && filter.groups.every((group) => group.conditions.length === 0);
}

export function countOf(filter: Filter): number {
  return filter.groups.reduce((sum, group) => sum + group.conditions.length, filter.q === "" ? 0 : 1);
}

function sameCondition(a: Condition, b: Condition): boolean {
  return a.field === b.field && a.value === b.value;
}

/** Put a condition into the first group of its mode; a second one of the same is no news. */
export function withCondition(filter: Filter, mode: Mode, condition: Condition): Filter {
  const at = filter.groups.findIndex((group) => group.mode === mode);
  if (at === -1) return { ...filter, groups: [...filter.groups, { mode, conditions: [condition] }] };
  return inGroup(filter, at, (conditions) => (conditions.some((other) => sameCondition(other, condition)) ? conditions : [...conditions, condition]));
}

export function withoutCondition(filter: Filter, group: number, condition: number): Filter {
  return inGroup(filter, group, (conditions) => conditions.filter((_, at) => at !== condition));
}

export function withValue(filter: Filter, group: number, condition: number, value: string): Filter {
  return inGroup(filter, group, (conditions) => conditions.map((one, at) => (at === condition ? { ...one, value } : one)));
}

export function withMode(filter: Filter, group: number, mode: Mode): Filter {
  return { ...filter, groups: filter.groups.map((one, at) => (at === group ? { ...one, mode } : one)) };
}

/** Change the conditions of one group; a group without any goes. */
export function inGroup(filter: Filter, group: number, change: (conditions: readonly Condition[]) => readonly Condition[]): Filter {
  const groups = filter.groups.map((one, at) => (at === group ? { ...one, conditions: change(one.conditions) } : one));
  return { ...filter, groups: groups.filter((one) => one.conditions.length > 0) };
}

function leafOf({ field, value }: Condition): Where {
  return { [field === "label" ? "labels_any" : field]: value };
}

function nodeOf({ mode, conditions }: Group): Where {
  const leaves = conditions.map(leafOf);
  const [only] = leaves;
  const joined: Where = leaves.length === 1 && only !== undefined ? only : mode === "all" ? { and: leaves } : { or: leaves };
  return mode === "none" ? { not: joined } : joined;
}

/** What a group is in flat parameters; null where only `where` can say it. */
function flatOf({ mode, conditions }: Group): Query | null {
  const labels = conditions.filter(({ field }) => field === "label").map(({ value }) => value);
  const others = conditions.filter(({ field }) => field !== "label");
  // "Any of" one thing is that thing.
  const alike = mode === "any" && conditions.length === 1 ? "all" : mode;
  if (alike !== "all" && others.length > 0) return null;
  if (new Set(others.map(({ field }) => field)).size < others.length) return null;
  const fields = Object.fromEntries(others.map(({ field, value }) => [field, value]));
  return labels.length === 0 ? fields : { ...fields, [`labels_${alike}`]: labels.join(",") };
}

/** Turn a filter into query parameters: flat as long as they can say it, the rest as one `where`. */
export function toQuery(filter: Filter): Query {
  const flat: Record<string, string> = filter.q.trim() === "" ? {} : { q: filter.q.trim() };
  const nested: Where[] = [];
  for (const group of filter.groups) {
    const whole = { ...group, conditions: group.conditions.filter(isWhole) };
    if (whole.conditions.length === 0) continue;
    const part = flatOf(whole);
    if (part !== null && Object.keys(part).every((name) => !(name in flat))) Object.assign(flat, part);
    else nested.push(nodeOf(whole));
  }
  const [only] = nested;
  if (only !== undefined) flat["where"] = JSON.stringify(nested.length === 1 ? only : { and: nested });
  return flat;
}

/** A filter in a request body: `where` is an object there. */
export function toBody(filter: Filter): Record<string, unknown> {
  const { where, ...flat } = toQuery(filter);
  return where === undefined ? flat : { ...flat, where: JSON.parse(where) as unknown };
}

function escaped(value: string): string {
  return encodeURIComponent(value).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"));
}

/** Write the groups for the address: `all(label:3,state:submitted);none(label:5)`. */
export function toText(groups: readonly Group[]): string {
  return groups
    .filter((group) => group.conditions.length > 0)
    .map(({ mode, conditions }) => `${mode}(${conditions.map(({ field, value }) => `${field}:${escaped(value)}`).join(",")})`)
    .join(";");
}

function conditionFrom(text: string): Condition[] {
  const [field = "", value = ""] = text.split(":");
  try {
    const condition = { field, value: decodeURIComponent(value) };
    return isField(condition.field) && isValue(condition.field, condition.value) ? [condition as Condition] : [];
  } catch {
    return [];
  }
}

/** Read what an address says; what it gets wrong is left out, so that an old link still opens. */
export function fromText(text: string): Group[] {
  return text.split(";").flatMap((part) => {
    const [, mode, inner] = /^(all|any|none)\((.*)\)$/.exec(part) ?? [];
    const conditions = (inner ?? "").split(",").flatMap(conditionFrom);
    return mode === undefined || conditions.length === 0 ? [] : [{ mode: mode as Mode, conditions }];
  });
}

/** A stored filter of a view, as this page wrote it or as a script did. */
export function fromBody(body: Readonly<Record<string, unknown>>): Filter {
  const q = typeof body["q"] === "string" ? body["q"] : "";
  const groups: Group[] = [];
  const all: Condition[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (name === "q" || name === "where") continue;
    const values = Array.isArray(value) ? value.map(String) : String(value).split(",");
    const mode = name === "labels_any" || name === "label" ? "any" : name === "labels_none" ? "none" : "all";
    const conditions = name.startsWith("labels_") || name === "label" ? values.map((one) => ({ field: "label" as const, value: one })) : isField(name) ? [{ field: name, value: String(value) }] : [];
    if (mode === "all") all.push(...conditions.filter(isWhole));
    else groups.push({ mode, conditions: conditions.filter(isWhole) });
  }
  const where = typeof body["where"] === "string" ? (JSON.parse(body["where"]) as unknown) : body["where"];
  const written = [{ mode: "all" as const, conditions: all }, ...groups, ...groupsOfWhere(where)];
  return { q, groups: written.filter((group) => group.conditions.length > 0) };
}

function groupsOfWhere(node: unknown): Group[] {
  if (typeof node !== "object" || node === null) return [];
  if ("not" in node) {
    const inner = groupsOfWhere(node.not);
    const conditions = inner.flatMap((group) => group.conditions);
    return conditions.length === 0 ? [] : [{ mode: "none", conditions }];
  }
  if ("or" in node && Array.isArray(node.or)) return [{ mode: "any", conditions: node.or.flatMap(groupsOfWhere).flatMap((group) => group.conditions) }];
  if ("and" in node && Array.isArray(node.and)) {
    const inner = node.and.map(groupsOfWhere);
    const leaves = node.and.every((child: unknown) => typeof child === "object" && child !== null && !("or" in child || "not" in child || "and" in child));
    return leaves ? [{ mode: "all", conditions: inner.flat().flatMap((group) => group.conditions) }] : inner.flat();
  }
  const conditions = Object.entries(node).flatMap(([name, value]) => conditionFrom(`${name === "labels_any" ? "label" : name}:${escaped(String(value))}`));
  return conditions.length === 0 ? [] : [{ mode: "all", conditions }];
}
