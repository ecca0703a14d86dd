/** The view of Explore, in the address of the page, so that one comes back to it. */
export const VIEW_NAMES = ["map", "duplicates", "suggestions", "doubts", "backbone"] as const;
export type ViewName = (typeof VIEW_NAMES)[number];

export interface ViewSearch {
  view?: ViewName;
}

export function viewSearch(search: Record<string, unknown>): ViewSearch {
  const view = VIEW_NAMES.find((name) => name === search["view"]);
  return view === undefined ? {} : { view };
}

/** Of a screen on which choices side by side are too wide. */
export const PHONE = "(max-width: 36em)";
