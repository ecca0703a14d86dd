/** What is seen, and how close. */
import type { Command } from "./types";

export const viewCommands: readonly Command[] = [
  { id: "zoom-in", title: "Closer", group: "View", keys: ["+", "="], run: ({ viewer }) => viewer.zoomBy(1) },
  { id: "zoom-out", title: "Further away", group: "View", keys: ["-"], run: ({ viewer }) => viewer.zoomBy(-1) },
  { id: "fit", title: "The whole image", group: "View", keys: ["0"], run: ({ viewer }) => viewer.fit() },
  {
    id: "heat-map", title: "Show where the model is unsure", group: "View", keys: ["U"],
    run: ({ preferences }) => preferences.setState((state) => ({ heatMap: !state.heatMap })),
  },
  { id: "keys", title: "This sheet", group: "View", keys: ["?"], run: ({ toggleKeySheet }) => toggleKeySheet() },
];
