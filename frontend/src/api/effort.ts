import { useQuery } from "@tanstack/react-query";
import { api, bodyOf, filled, type Answer } from "./client";
import type { components } from "./schema";

export type EffortRow = Answer<components["schemas"]["EffortRow"]>;

export interface EffortQuestion {
  readonly user: number | null;
  /** Days as a date field has them, "2026-11-28"; empty leaves the side open. */
  readonly from: string;
  readonly to: string;
}

/** The first and the last moment of the days, where the person is. */
function asked({ user, from, to }: EffortQuestion) {
  const moment = (day: string, time: string): string => (day === "" ? "" : new Date(`${day}T${time}`).toISOString());
  return filled({ user, submitted_after: moment(from, "00:00:00"), submitted_before: moment(to, "23:59:59.999") });
}

export function useEffort(campaign: number, question: EffortQuestion) {
  const query = asked(question);
  return useQuery({
    queryKey: ["campaigns", campaign, "effort", query],
    queryFn: async ({ signal }) => (await bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/effort", { params: { path: { campaign_id: campaign }, query }, signal }))).rows,
  });
}

/** Where the same figures lie as a table for spreadsheets. */
export function effortTable(campaign: number, question: EffortQuestion): string {
  const parameters = Object.entries(asked(question)).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  const query = new URLSearchParams(parameters).toString();
  return `/api/v1/campaigns/${campaign}/effort.csv${query === "" ? "" : `?${query}`}`;
}
