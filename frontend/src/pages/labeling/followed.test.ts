import { expect, it } from "vitest";
import { DEFAULT_VIEW } from "@/core/view";
import { VIEW_OF_LABELING } from "./followed";
import { preferencesOf, toolSettingsOf } from "./preferences";

const { read, write } = VIEW_OF_LABELING;

it("another browser sees images and objects the same way", () => {
  const here = preferencesOf(1);
  here.setState({ view: { ...DEFAULT_VIEW, opacity: 0.4, names: "all", colorBy: "confidence", minimap: false }, thresholds: { all: 0.7, byLabel: { 3: 0.2 } }, heatMap: true, tools: { "mask.size_px": 12 } });
  const there = preferencesOf(2);
  there.setState(write(there.getState(), read(here.getState())));
  expect(read(there.getState())).toEqual(read(here.getState()));
  expect(there.getState().thresholds).toEqual({ all: 0.7, byLabel: { 3: 0.2 } });
});

it("a label whose own threshold was let go has none in another browser either", () => {
  const there = preferencesOf(3);
  there.setState({ thresholds: { all: 0.5, byLabel: { 3: 0.2, 4: 0.1 } } });
  expect(write(there.getState(), { "drafts.threshold.3": "" }).thresholds).toEqual({ all: 0.5, byLabel: { 4: 0.1 } });
});

it("what means nothing changes nothing", () => {
  const now = preferencesOf(4).getState();
  const wrong = { "view.opacity": 7, "view.names": "some", "view.colorBy": true, "view.grid": "yes", "drafts.threshold": -1, "drafts.threshold.x": 0.3, "drafts.heatMap": 1, other: true };
  expect({ ...now, ...write(now, wrong) }).toEqual(now);
});

it("a tool's setting that comes from another browser is the tool's at once", () => {
  const preferences = preferencesOf(5);
  const settings = toolSettingsOf(preferences);
  preferences.setState(write(preferences.getState(), { "tool.mask.size_px": 33 }));
  expect(settings.get({ name: "mask.size_px", initial: 8 })).toBe(33);
  settings.set({ name: "mask.size_px", initial: 8 }, 9);
  expect(read(preferences.getState())["tool.mask.size_px"]).toBe(9);
});
