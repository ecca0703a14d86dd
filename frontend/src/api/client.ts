import createClient from "openapi-fetch";
import { apiFetch } from "./http";
import type { paths } from "./schema";

/** Every address, parameter and body of the interface, checked against its generated schema. Refusals are thrown. */
export const api = createClient<paths>({
  // A whole address, because `Request` takes no relative one outside a page.
  baseUrl: typeof window === "undefined" ? "http://localhost" : window.location.origin,
  fetch: apiFetch,
  querySerializer: { array: { style: "form", explode: false } },
});

/**
 * What an answer holds. The schema marks as optional what a request may leave out; the server writes all of it into
 * every answer.
 */
export type Answer<T> = T extends readonly (infer Item)[] ? Answer<Item>[] : T extends object ? { -readonly [Key in keyof T]-?: Answer<T[Key]> } : T;

/** The body of an answer; what is not 2xx has been thrown by then. */
export async function bodyOf<T>(call: Promise<{ data?: T }>): Promise<Answer<NonNullable<T>>> {
  const { data } = await call;
  return data as Answer<NonNullable<T>>;
}

/** A call whose answer has no body. */
export async function done(call: Promise<unknown>): Promise<void> {
  await call;
}

/** Query parameters without those that say nothing. */
export function filled<T extends Record<string, unknown>>(query: T): { [Key in keyof T]: Exclude<T[Key], "" | null> | undefined } {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(kept) as { [Key in keyof T]: Exclude<T[Key], "" | null> | undefined };
}
