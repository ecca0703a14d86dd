import type { UseNavigateResult } from "@tanstack/react-router";
import { keepScope } from "@/pages/labeling/scope";
import { toSearch } from "./filters/address";
import { isEmpty } from "./filters/model";
import { inOrder } from "./selection";
import { galleryStore } from "./store";

export type ToolScope = "selection" | "filter" | "queue";

/** What the labeling tool would open now: the selection, else what the filter shows, else the queue. */
export function scopeNow({ selection, filter }: { selection: { ids: ReadonlySet<number> }; filter: Parameters<typeof isEmpty>[0] }): ToolScope {
  if (selection.ids.size > 0) return "selection";
  return isEmpty(filter) ? "queue" : "filter";
}

/** Open the labeling tool on some images, beginning with one of them where it is named. */
export function openTool(navigate: UseNavigateResult<string>, campaign: number, scope: ToolScope, image?: number): void {
  const { selection, filter, ordering, ids } = galleryStore(campaign).getState();
  const first = image === undefined ? {} : { image };
  const to = { to: "/campaigns/$campaignId/label", params: { campaignId: campaign } } as const;
  if (scope === "queue") return void navigate({ ...to, search: first });
  keepScope(campaign, { kind: scope, ids: scope === "selection" ? inOrder(selection, ids) : ids });
  return void navigate({ ...to, search: { ...first, scope, ...(scope === "filter" ? toSearch(filter, ordering) : {}) } });
}
