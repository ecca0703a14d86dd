import { useInfiniteQuery } from "@tanstack/react-query";
import type { Page } from "./types";

/** The cursor inside a page's `next`, which is a whole address. */
export function cursorOf(next: string | null | undefined): string | null {
  if (next === null || next === undefined || next === "") return null;
  if (!next.includes("?")) return next;
  return new URL(next, "http://local").searchParams.get("cursor");
}

interface Options<T> {
  enabled?: boolean;
  refetchInterval?: number | false;
  /** How soon to look again, by what is known; false is not at all. */
  refetchWhile?: (items: readonly T[]) => number | false;
}

/** A list that grows page by page as somebody scrolls. */
export function useCursorList<T, M = unknown>(key: readonly unknown[], fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T> & M>, { enabled = true, refetchInterval = false, refetchWhile }: Options<T> = {}) {
  const result = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam ?? undefined, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => cursorOf(page.next),
    enabled,
    refetchInterval: ({ state }) => refetchWhile?.(state.data?.pages.flatMap((page) => page.results) ?? []) ?? refetchInterval,
  });
  return { ...result, items: result.data?.pages.flatMap((page) => page.results) ?? [] };
}
