/** What is seen, how it is seen, and how close. */
import { PLAIN_TONE, type Tone } from "@/core/tone";
import { after, NAMES, type ViewChoice } from "@/core/view";
import { toggleLabelSight } from "../preferences";
import type { Command, Context } from "./types";

const group = "View";

function change({ preferences }: Context, next: (view: ViewChoice) => Partial<ViewChoice>): void {
  preferences.setState(({ view }) => ({ view: { ...view, ...next(view) } }));
}

const tone =
  (next: (tone: Tone) => Partial<Tone>) =>
  (context: Context): void =>
    change(context, (view) => ({ tone: { ...view.tone, ...next(view.tone) } }));

/** Rounded, so that ten steps up and ten down end where they began. */
const between = (value: number, low: number, high: number): number => Math.round(Math.min(high, Math.max(low, value)) * 100) / 100;

/** The object in hand, or the one under the pointer. */
function zoomToObject({ session, viewer, desk }: Context): void {
  const id = session.selection()[0] ?? session.store.getState().hovered;
  if (id === null || id === undefined) desk.say("Select an object first, or point at one.");
  else viewer.zoomToObject(id);
}

const OPACITIES = [1, 0.5, 0.15] as const;

function fade(context: Context): void {
  change(context, ({ opacity }) => ({ opacity: OPACITIES.find((step) => step < opacity) ?? OPACITIES[0] }));
}

const SHARE = 0.2;
const ARROWS = [["ArrowLeft", -SHARE, 0], ["ArrowRight", SHARE, 0], ["ArrowUp", 0, -SHARE], ["ArrowDown", 0, SHARE]] as const;

/** With nothing selected the arrows, which nudge otherwise, move the view. */
const pans: readonly Command[] = ARROWS.map(([key, right, down]) => ({
  id: `pan-${key}`, title: `Move the view ${key.slice("Arrow".length).toLowerCase()}`, group, keys: [key], when: ({ session }) => session.selection().length === 0, run: ({ viewer }) => viewer.panBy(right, down),
}));

export const viewCommands: readonly Command[] = [
  { id: "zoom-in", title: "Closer", group, keys: ["+", "="], run: ({ viewer }) => viewer.zoomBy(1) },
  { id: "zoom-out", title: "Further away", group, keys: ["-"], run: ({ viewer }) => viewer.zoomBy(-1) },
  { id: "fit", title: "The whole image", group, keys: ["0"], run: ({ viewer }) => viewer.fit() },
  { id: "one-to-one", title: "One pixel of the image on one of the page", group, keys: ["Shift+Z"], run: ({ viewer }) => viewer.oneToOne() },
  { id: "zoom-object", title: "Close to the object", group, keys: ["Z"], run: zoomToObject },
  ...pans,
  { id: "measure", title: "Measure lengths and areas", group, keys: ["M"], run: ({ session }) => session.setMode(session.store.getState().mode === "measure" ? "select" : "measure") },
  {
    id: "heat-map", title: "Show where the model is unsure", group, keys: ["U"],
    run: ({ preferences }) => preferences.setState((state) => ({ heatMap: !state.heatMap })),
  },
  { id: "color-by", title: "Colour objects by confidence, or by label", group, keys: ["Shift+C"], run: (context) => change(context, ({ colorBy }) => ({ colorBy: colorBy === "confidence" ? "label" : "confidence" })) },
  { id: "color-objects", title: "A shade of its label's colour for each object", group, keys: ["Shift+K"], run: (context) => change(context, ({ colorBy }) => ({ colorBy: colorBy === "object" ? "label" : "object" })) },
  { id: "names", title: "Names: of the object in hand, of all, of none", group, keys: ["Shift+N"], run: (context) => change(context, ({ names }) => ({ names: after(NAMES, names) })) },
  { id: "fade", title: "Fade the objects", group, keys: ["Shift+F"], run: fade },
  {
    id: "hide-label", title: "Hide or show the objects of the label in hand", group, keys: ["Shift+V"],
    run: ({ session, preferences }) => toggleLabelSight(preferences, session.selected()[0]?.label ?? session.store.getState().label),
  },
  {
    id: "show-labels", title: "Show the objects of all labels", group, keys: ["Alt+V"], when: ({ preferences }) => preferences.getState().hiddenLabels.length > 0,
    run: ({ preferences }) => preferences.setState({ hiddenLabels: [] }),
  },
  { id: "crosshair", title: "Crosshair", group, keys: ["Shift+X"], run: (context) => change(context, ({ crosshair }) => ({ crosshair: !crosshair })) },
  { id: "grid", title: "Lines between pixels, when close", group, keys: ["Shift+G"], run: (context) => change(context, ({ grid }) => ({ grid: !grid })) },
  { id: "minimap", title: "Small picture of the whole image", group, keys: ["Shift+M"], run: (context) => change(context, ({ minimap }) => ({ minimap: !minimap })) },
  { id: "lighter", title: "Lighter", group, keys: ["Alt+ArrowUp"], run: tone(({ brightness }) => ({ brightness: between(brightness + 0.05, -0.8, 0.8) })) },
  { id: "darker", title: "Darker", group, keys: ["Alt+ArrowDown"], run: tone(({ brightness }) => ({ brightness: between(brightness - 0.05, -0.8, 0.8) })) },
  { id: "stronger", title: "More contrast", group, keys: ["Alt+PageUp"], run: tone(({ contrast }) => ({ contrast: between(contrast + 0.1, 0.2, 3) })) },
  { id: "weaker", title: "Less contrast", group, keys: ["Alt+PageDown"], run: tone(({ contrast }) => ({ contrast: between(contrast - 0.1, 0.2, 3) })) },
  { id: "plain-tone", title: "Brightness, contrast and gamma as they came", group, keys: ["Alt+0"], run: tone(() => PLAIN_TONE) },
  { id: "keys", title: "This sheet", group, keys: ["?"], run: ({ toggleKeySheet }) => toggleKeySheet() },
];
