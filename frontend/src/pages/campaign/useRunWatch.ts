import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { campaignKey } from "@/api/campaigns";
import { isFinished, useRuns } from "@/api/runs";

/** Runs that bring images in: the gallery grows while they go. */
export const BRINGS_IMAGES: ReadonlySet<string> = new Set(["import", "sample"]);
const GROWTH_MS = 3000;

/** Looks at everything of a campaign anew when one of its runs ends, wherever it was started. */
export function useRunWatch(campaign: number): void {
  const client = useQueryClient();
  const runs = useRuns({ campaign }).data;
  const going = useRef<ReadonlySet<number>>(new Set());
  const arriving = (runs ?? []).some((run) => BRINGS_IMAGES.has(run.kind) && !isFinished(run));
  useEffect(() => {
    if (runs === undefined) return;
    const now = new Set(runs.filter((run) => !isFinished(run)).map((run) => run.id));
    const ended = [...going.current].some((id) => !now.has(id));
    going.current = now;
    if (ended) void client.invalidateQueries({ queryKey: campaignKey(campaign) });
  }, [runs, client, campaign]);
  useEffect(() => {
    if (!arriving) return undefined;
    const timer = window.setInterval(() => void client.invalidateQueries({ queryKey: campaignKey(campaign) }), GROWTH_MS);
    return () => window.clearInterval(timer);
  }, [arriving, client, campaign]);
}
