import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf, filled } from "./client";
import { API } from "./http";
import { useCursorList } from "./pages";
import type { Reason, Run, RunState } from "./types";

const FINISHED: readonly RunState[] = ["succeeded", "failed", "cancelled", "timed_out"];
const POLL_MS = 1000;
const LIST_POLL_MS = 5000;

export function isFinished(run: Pick<Run, "state">): boolean {
  return FINISHED.includes(run.state);
}

const at = (run_id: number) => ({ params: { path: { run_id } } });

export const runKey = (id: number) => ["runs", id] as const;

/** One run, asked for every second until it ends. */
export function useRun(id: number | null | undefined) {
  return useQuery({
    queryKey: runKey(id ?? 0),
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/runs/{run_id}", { ...at(id ?? 0), signal })),
    enabled: id !== null && id !== undefined,
    staleTime: 0,
    refetchInterval: (query) => (query.state.data !== undefined && isFinished(query.state.data) ? false : POLL_MS),
  });
}

export interface RunFilter {
  campaign?: number;
  kind?: string;
  state?: RunState | "";
}

function fetchRuns(filter: RunFilter, cursor: string | undefined, signal: AbortSignal) {
  const query = filled({ ...filter, state: filter.state ? [filter.state] : undefined, cursor });
  return bodyOf(api.GET("/api/v1/runs", { params: { query }, signal }));
}

/** The newest runs, lively while one of them is going. */
export function useRuns(filter: RunFilter) {
  return useQuery({
    queryKey: ["runs", "newest", filter],
    queryFn: ({ signal }) => fetchRuns(filter, undefined, signal).then((page) => page.results),
    refetchInterval: (query) => (query.state.data?.some((run) => !isFinished(run)) === true ? POLL_MS : LIST_POLL_MS),
  });
}

export function useRunList(filter: RunFilter) {
  return useCursorList(["runs", "list", filter], (cursor, signal) => fetchRuns(filter, cursor, signal), { refetchInterval: 2000 });
}

export function useFailedItems(run_id: number, { code, example }: Reason, enabled: boolean) {
  return useCursorList(
    ["runs", run_id, "items", code, example],
    (cursor, signal) => bodyOf(api.GET("/api/v1/runs/{run_id}/items", { params: { path: { run_id }, query: { state: "failed", code, reason_like: example, cursor } }, signal })),
    { enabled },
  );
}

/** How long answers took so far; read anew while the run goes. */
export function useLatencies(run: Run | undefined) {
  return useQuery({
    queryKey: ["runs", run?.id, "latencies"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/runs/{run_id}/latencies", { ...at(run?.id ?? 0), signal })),
    enabled: run?.kind === "inference",
    refetchInterval: run !== undefined && isFinished(run) ? false : LIST_POLL_MS,
  });
}

/** What the reasons of a run are kept under: another try may fail as many images as the one before, and has reasons of its own. */
export function reasonsKey(run: Pick<Run, "id" | "state" | "finished_at" | "progress"> | undefined) {
  return ["runs", run?.id, "reasons", run?.progress.failed, run?.state, run?.finished_at] as const;
}

/** Failed images counted by reason, each with one example. */
export function useReasons(run: Run | undefined) {
  return useQuery({
    queryKey: reasonsKey(run),
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/runs/{run_id}/reasons", { ...at(run?.id ?? 0), signal })),
    enabled: run !== undefined && run.progress.failed > 0,
  });
}

/** The log of a run from its end upwards, page by page; renewed while the run goes. */
export function useRunLog(run: number, enabled: boolean, going: boolean) {
  return useInfiniteQuery({
    queryKey: ["runs", run, "log", going],
    queryFn: ({ pageParam, signal }) => bodyOf(api.GET("/api/v1/runs/{run_id}/log", { params: { path: { run_id: run }, query: filled({ before: pageParam }) }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.start > 0 ? page.start : undefined),
    placeholderData: (before) => before,
    enabled,
    refetchInterval: going ? 3000 : false,
  });
}

export function runLogUrl(id: number): string {
  return `${API}/runs/${id}/log/file`;
}

export function useRunActions(id: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: ["runs"] });
  return {
    cancel: useMutation({ mutationFn: () => bodyOf(api.POST("/api/v1/runs/{run_id}/cancel", at(id))), onSuccess }),
    retry: useMutation({ mutationFn: () => bodyOf(api.POST("/api/v1/runs/{run_id}/retry", at(id))), onSuccess }),
  };
}

export function runFileUrl(id: number): string {
  return `${API}/runs/${id}/file`;
}
