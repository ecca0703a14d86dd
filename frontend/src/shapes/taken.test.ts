import { expect, it } from "vitest";
import { humanAnnotation } from "@/actions/annotations";
import { documentOf } from "@/core/document";
import { SIZE } from "@/modes/testing";
import { Session } from "@/modes/session";
import { shapeCommands } from "./kinds";

const ELLIPSE = { type: "ellipse", cx: 50, cy: 50, rx: 20, ry: 10, rotation: 0 } as const;

/** Run commands on one selected ellipse, in a campaign that takes these shapes. */
function after(commands: readonly string[], shapes: ReadonlySet<string> | null): Session {
  const session = new Session({ size: SIZE, document: documentOf([humanAnnotation("a", 1, ELLIPSE)]), label: 1, thresholds: { all: 0.5, byLabel: {} }, shapes });
  session.select(["a"]);
  for (const id of commands) shapeCommands().find((command) => command.id === id)?.run(session);
  return session;
}

it.each([
  { commands: ["ellipse-to-polygon"], taken: ["ellipse"], becomes: "polygon", stays: "ellipse", says: "This campaign takes no polygons." },
  { commands: ["mask-from-shape"], taken: ["ellipse"], becomes: "mask", stays: "ellipse", says: "This campaign takes no bitmaps." },
  { commands: ["mask-from-shape", "mask-to-polygon"], taken: ["ellipse", "mask"], becomes: "polygon", stays: "mask", says: "This campaign takes no polygons." },
])("$commands make no shape that the campaign does not take, and say so", ({ commands, taken, becomes, stays, says }) => {
  expect(after(commands, null).document().get("a")?.shape.type).toBe(becomes);
  const kept = after(commands, new Set(taken));
  expect(kept.document().get("a")?.shape.type).toBe(stays);
  expect(kept.store.getState().notice).toBe(says);
});
