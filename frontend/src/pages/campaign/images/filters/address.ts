/** The filter in the address of a page, so that a link shows the same images. */
import type { Ordering } from "@/api/gallery";
import { type Filter, fromText, toText } from "./model";

/** Every order that there is; the first is the usual one. */
export const ORDERINGS = ["id", "-id", "-priority", "priority", "name", "-name"] as const satisfies readonly Ordering[];

/** An order that an address, a view or an older page names; the usual one in the place of what is none. */
export function orderingOf(text: string): Ordering {
  return ORDERINGS.find((one) => one === text) ?? "id";
}

/** Search parameters: groups, a part of the name, and the order. */
export interface FilterSearch {
  f?: string;
  q?: string;
  order?: string;
}

/** Read search parameters as they come: what is not text was a number to the router. */
export function filterSearch(search: Record<string, unknown>): FilterSearch {
  const text = (name: string): string => (["string", "number", "boolean"].includes(typeof search[name]) ? String(search[name]) : "");
  const [f, q, order] = [text("f"), text("q"), text("order")];
  return { ...(f === "" ? {} : { f }), ...(q === "" ? {} : { q }), ...(order === "" ? {} : { order }) };
}

export function toSearch(filter: Filter, ordering: Ordering): FilterSearch {
  return filterSearch({ f: toText(filter.groups), q: filter.q, order: ordering === "id" ? "" : ordering });
}

export function fromSearch({ f = "", q = "", order = "id" }: FilterSearch): { filter: Filter; ordering: Ordering } {
  return { filter: { q, groups: fromText(f) }, ordering: orderingOf(order) };
}
