/** What the option panels of shapes are made of. */
import { Slider, Switch, Tooltip, UnstyledButton } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { KeyHint, useKeys } from "@/keys/KeyHint";
import type { Bench } from "../core/bench";
import type { ShapeCommand } from "../core/kinds";
import { valueOf, type Setting, type ToolSettings } from "../core/tool-settings";
import type { Session } from "../modes/session";
import classes from "./OptionParts.module.css";

/** A command that says why it cannot be done. */
export interface Blockable extends ShapeCommand {
  readonly short: string;
  readonly blocked: (bench: Bench) => string | null;
}

export function OptionGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes["group"]} aria-label={title}>
      <h2 className={classes["title"]}>{title}</h2>
      {children}
    </section>
  );
}

/** A group that is folded away until it is wanted, so that the labels below stay in sight. It remembers which. */
export function FoldedGroup({ settings, title, children }: { settings: ToolSettings; title: string; children: ReactNode }) {
  const setting: Setting<boolean> = { name: `fold.${title.toLowerCase()}`, initial: false };
  const open = useSetting(settings, setting);
  return (
    <details className={classes["group"]} open={open} data-testid={`fold-${title.toLowerCase()}`} onToggle={(event) => event.currentTarget.open !== open && settings.set(setting, event.currentTarget.open)}>
      <summary className={classes["title"]}>{title}</summary>
      {open && <div className={classes["folded"]}>{children}</div>}
    </details>
  );
}

export function useSetting<T extends number | boolean | string>(settings: ToolSettings, setting: Setting<T>): T {
  return useStore(settings.store, (values) => valueOf(values, setting));
}

/** Buttons of commands. One that cannot be used stays focusable, so that its reason can be read. */
export function CommandButtons({ session, commands }: { session: Session; commands: readonly Blockable[] }) {
  // What blocks a command depends on the document, the selection and the mode.
  useStore(session.store, ({ history, selection, mode, overlay, locked }) => [history.present, selection, mode, overlay.activeHandle, overlay.hint, locked].map(identityOf).join());
  return (
    <div className={classes["buttons"]}>
      {commands.map((command) => (
        <CommandButton key={command.id} session={session} command={command} />
      ))}
    </div>
  );
}

function CommandButton({ session, command }: { session: Session; command: Blockable }) {
  const [key] = useKeys(command.id);
  const why = command.blocked(session);
  return (
    <Tooltip label={why === null ? `${command.title} (${key ?? "no key"})` : why} multiline w={220} openDelay={300} events={{ hover: true, focus: true, touch: true }}>
      <UnstyledButton className={classes["button"]} aria-disabled={why !== null} aria-label={why === null ? command.title : `${command.title}. ${why}`} data-testid={`do-${command.id}`} onClick={() => (why === null ? command.run(session) : session.say(why))}>
        <span>{command.short}</span>
        <kbd className={classes["key"]}>{short(key)}</kbd>
      </UnstyledButton>
    </Tooltip>
  );
}

/** As short as keys are printed on keyboards: two buttons have to fit into a row. */
function short(key = ""): string {
  return key.replace("Shift+", "⇧").replace("Alt+", "⌥").replace("Ctrl+", "⌃");
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function identityOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const known = identities.get(value) ?? ++lastIdentity;
  identities.set(value, known);
  return String(known);
}

export function OptionSwitch({ settings, setting, label, command }: { settings: ToolSettings; setting: Setting<boolean>; label: string; command?: string }) {
  const on = useSetting(settings, setting);
  return (
    <div className={classes["row"]}>
      <Switch size="xs" label={label} checked={on} data-testid={`set-${setting.name}`} onChange={(event) => settings.set(setting, event.currentTarget.checked)} />
      {command !== undefined && <KeyHint command={command} />}
    </div>
  );
}

/** A slider whose steps grow with the value: fine at the fine end. `onUse` hears of every move, and of null when it rests. */
export function OptionSlider({ settings, setting, label, most, unit, onUse }: { settings: ToolSettings; setting: Setting<number>; label: string; most: number; unit: string; onUse?: (value: number | null) => void }) {
  const value = useSetting(settings, setting);
  const [id] = useState(() => `option-${setting.name.replaceAll(".", "-")}`);
  return (
    <div className={classes["slider"]}>
      <label id={id} className={classes["label"]}>
        {label}
        <span>
          {value} {unit}
        </span>
      </label>
      <Slider
        size="sm" min={0} max={100} step={1} label={null} value={toSlider(value, most)} aria-labelledby={id} data-testid={`set-${setting.name}`}
        thumbProps={{ "aria-labelledby": id }} thumbValueText={`${value} ${unit}`}
        onChange={(share) => {
          const next = fromSlider(share, most);
          settings.set(setting, next);
          onUse?.(next);
        }}
      />
    </div>
  );
}

/** Quadratic, so that a tenth of the way is a hundredth of the most. */
function toSlider(value: number, most: number): number {
  return Math.round(Math.sqrt(value / most) * 100);
}

function fromSlider(share: number, most: number): number {
  return Math.round((share / 100) ** 2 * most * 100) / 100;
}
