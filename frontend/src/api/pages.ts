import { useInfiniteQuery } from "@tanstack/react-query";
import { getJson, type QueryValue } from "./http";
import type { Page } from "./types";

/** The cursor inside a page's `next`, which is a whole address. */
export function cursorOf(next: string | null): string | null {
  if (next === null || next === "") return null;
  if (!next.includes("?")) return next;
  return new URL(next, "http://local").searchParams.get("cursor");
}

/** A list that grows page by page as somebody scrolls. */
export function useCursorList<T>(key: readonly unknown[], path: string, query: Record<string, QueryValue>, options: { enabled?: boolean; refetchInterval?: number | false } = {}) {
  const result = useInfiniteQuery({
    queryKey: [...key, query],
    queryFn: ({ pageParam, signal }) => getJson<Page<T>>(path, { ...query, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => cursorOf(page.next),
    ...options,
  });
  return { ...result, items: result.data?.pages.flatMap((page) => page.results) ?? [] };
}
