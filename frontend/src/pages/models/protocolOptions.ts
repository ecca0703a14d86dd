import type { Protocol } from "@/api/types";

export type ProtocolOption = Protocol["options"][number];
export type Options = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Options {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text as an object; null where it is none. */
export function objectOf(text: string): Options | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const LINE = 88;

/** JSON as a person writes it: what fits on a line stands on one, the rest has a line for each member. */
export function readable(value: unknown, indent = ""): string {
  const flat = spaced(value);
  if (typeof value !== "object" || value === null || indent.length + flat.length <= LINE) return flat;
  const inner = `${indent}  `;
  const [open, close, members] = Array.isArray(value)
    ? ["[", "]", value.map((each) => readable(each, inner))]
    : ["{", "}", Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${readable(each, inner)}`)];
  return `${open}\n${members.map((member) => inner + member).join(",\n")}\n${indent}${close}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${spaced(each)}`).join(", ")}}`;
}

const extraOf = (options: Options): Options => (isObject(options["extra"]) ? options["extra"] : {});

/** What is stored for an option; undefined where its default holds. */
function stored(options: Options, option: ProtocolOption): unknown {
  const value = option.in_extra ? extraOf(options)[option.name] : options[option.name];
  return value ?? undefined;
}

/** What the choices made so far fill in for an option. */
function filled(options: Options, option: ProtocolOption, all: readonly ProtocolOption[]): unknown {
  for (const other of all) {
    const fills = other.kind === "choice" ? other.fills[String(stored(options, other) ?? other.default)] : undefined;
    if (fills !== undefined && option.name in fills) return fills[option.name];
  }
  return undefined;
}

/** The value that holds for an option: its own, else what a choice fills in, else the default. */
export function valueOf(options: Options, option: ProtocolOption, all: readonly ProtocolOption[]): unknown {
  return stored(options, option) ?? filled(options, option, all) ?? option.default ?? undefined;
}

function withStored(options: Options, option: ProtocolOption, value: unknown): Options {
  const members = Object.entries(option.in_extra ? extraOf(options) : options).filter(([name]) => name !== option.name);
  const changed = Object.fromEntries(value === undefined ? members : [...members, [option.name, value]]);
  return option.in_extra ? { ...options, extra: changed } : changed;
}

/**
 * Options with another value of one of them. What equals its default is left out, so that a later default reaches it;
 * a choice that fills others in takes back what was written there before.
 */
export function withValue(options: Options, option: ProtocolOption, value: unknown, all: readonly ProtocolOption[]): Options {
  const usual = filled(options, option, all) ?? option.default ?? undefined;
  const changed = withStored(options, option, sameJson(value, usual) ? undefined : value);
  const fills = option.kind === "choice" ? (option.fills[String(value)] ?? {}) : {};
  return all.filter((other) => other.name in fills).reduce((result, other) => withStored(result, other, undefined), changed);
}

/** What the server found wrong with an option: the place within it, and why. */
export function complaintOf(errors: readonly { field?: string; detail: string }[], option: ProtocolOption): string | null {
  const place = option.in_extra ? `options.extra.${option.name}` : `options.${option.name}`;
  const error = errors.find(({ field }) => field === place || field?.startsWith(`${place}.`));
  if (error === undefined) return null;
  const within = error.field?.slice(place.length + 1) ?? "";
  return within === "" ? error.detail : `${within} ${error.detail}`;
}
