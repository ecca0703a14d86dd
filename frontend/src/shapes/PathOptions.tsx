/** Options that drawing and editing by vertices have in common. */
import type { Bench } from "../core/bench";
import type { ToolSettings } from "../core/tool-settings";
import { EditMode } from "../modes/edit";
import { PathMode } from "../modes/path/path-mode";
import { SCISSORS, SNAP, SNAP_PX, TRACE } from "../modes/path/settings";
import type { Session } from "../modes/session";
import { CommandButtons, OptionSlider, OptionSwitch, type Blockable } from "./OptionParts";
import { useStore } from "zustand";

const WIDEST_SNAP_PX = 40;

export function PathOptions({ settings }: { settings: ToolSettings }) {
  return (
    <>
      <OptionSwitch settings={settings} setting={SNAP} label="Snap" command="path-snap" />
      <OptionSlider settings={settings} setting={SNAP_PX} label="Snap within" most={WIDEST_SNAP_PX} unit="px" />
      <OptionSwitch settings={settings} setting={TRACE} label="Follow borders" command="path-trace" />
    </>
  );
}

function asked(id: string, title: string, short: string, key: string, act: string, blocked: (bench: Bench) => string | null): Blockable {
  return { id, title, short, keys: [key], blocked, when: (bench) => blocked(bench) === null, run: (bench) => void bench.alive.act?.(act) };
}

const growing = (bench: Bench): string | null => (bench.alive instanceof PathMode && bench.alive.begun ? null : "Nothing is being drawn.");
const editing = (bench: Bench): string | null => (bench.alive instanceof EditMode ? null : "Edit the object first (E).");

const WHILE_DRAWING = [asked("path-close", "Finish what is being drawn", "Finish", "N", "close", growing), asked("path-back", "Take back what was drawn last", "Take back", "⌫", "back", growing)];
const WHILE_EDITING = [asked("vertices-remove", "Remove vertices by clicking them", "Remove", "R", "remove", editing), asked("vertices-all", "Mark all vertices", "Mark all", "Ctrl+A", "all", editing)];

/** In sight where lines are drawn: it changes what every click does. */
export function ScissorsSwitch({ settings }: { settings: ToolSettings }) {
  return <OptionSwitch settings={settings} setting={SCISSORS} label="Intelligent scissors" command="path-scissors" />;
}

/** What keys do while a hand draws or edits, for hands without keys. */
export function HandButtons({ session }: { session: Session }) {
  const mode = useStore(session.store, (state) => state.mode);
  if (mode === "edit") return <CommandButtons session={session} commands={WHILE_EDITING} />;
  return session.alive instanceof PathMode ? <CommandButtons session={session} commands={WHILE_DRAWING} /> : null;
}
