import { isFinished, useRuns } from "@/api/runs";
import { RunCard } from "@/parts/RunCard";

/** The newest run of a kind, while it goes and where it went wrong; one that ended well has its result to show. */
export function LatestRun({ campaign, kind }: { campaign: number; kind: string }) {
  const run = useRuns({ campaign, kind }).data?.[0];
  if (run === undefined || (isFinished(run) && run.state === "succeeded")) return null;
  return <RunCard id={run.id} />;
}
