/** What the hand holds while it paints: act, brush, colour, overlap; and what can be done to the bitmaps selected. */
import { Button, NumberInput, SegmentedControl, Slider, Switch, Tooltip } from "@mantine/core";
import { useStore } from "zustand";
import { KeyHint, keyText, useKeys } from "@/keys/KeyHint";
import type { Setting, SettingValue } from "../../core/tool-settings";
import { valueOf } from "../../core/tool-settings";
import type { Session } from "../../modes/session";
import { BRUSH_SIZES, LARGEST_BRUSH_PX, SMALLEST_BRUSH_PX } from "./brush";
import { brushOf, type Act } from "./brush-mode";
import { actCommands, maskCommands, type MaskCommand } from "./commands";
import classes from "./Options.module.css";
import { COMPARE, FINGER, FORM, ISLAND_PX, OVERLAP, PRESSURE, SIZE_PX, TOLERANCE } from "./settings";

interface Props {
  readonly session: Session;
  readonly tool: string | null;
}

function useSetting<T extends SettingValue>(session: Session, setting: Setting<T>): [T, (value: T) => void] {
  const value = useStore(session.settings.store, (values) => valueOf(values, setting));
  return [value, (next) => session.settings.set(setting, next)];
}

export default function MaskOptions({ session }: Props) {
  const act = useStore(session.store, () => brushOf(session)?.doing ?? null);
  const several = useStore(session.store, (state) => state.selection.length > 0);
  return (
    <section className={classes["options"]} aria-label="Bitmap tool" data-testid="mask-options">
      {act !== null && <Acts session={session} act={act} />}
      {act !== null && act !== "fill" && act !== "wand" && <BrushSize session={session} />}
      {(act === "similar" || act === "wand") && <ByColour session={session} />}
      {act !== null && <Habits session={session} />}
      {several && <Operations session={session} open={act === null} />}
    </section>
  );
}

function Acts({ session, act }: { session: Session; act: Act }) {
  return (
    <div className={classes["acts"]} role="group" aria-label="What the brush does">
      {actCommands.map((command, at) => (
        <ActButton key={command.id} session={session} command={command} pressed={command.id === `mask-${act}`} wide={at > 2} />
      ))}
    </div>
  );
}

function ActButton({ session, command, pressed, wide }: { session: Session; command: MaskCommand; pressed: boolean; wide: boolean }) {
  const keys = useKeys(command.id);
  const title = keys.length === 0 ? command.title : `${command.title} (${keys.map(keyText).join(" or ")})`;
  return (
    <button type="button" className={classes["act"]} aria-pressed={pressed} data-testid={command.id} onClick={() => command.run(session)} title={title} style={wide ? { gridColumn: "span 3" } : undefined}>
      {command.short}
      {keys[0]?.length === 1 && <KeyHint command={command.id} />}
    </button>
  );
}

/** Sizes grow as a hand feels them: each step is a share of the size, not a pixel. */
const STEPS = BRUSH_SIZES.length - 1;

function BrushSize({ session }: { session: Session }) {
  const [size, setSize] = useSetting(session, SIZE_PX);
  const [form, setForm] = useSetting(session, FORM);
  const at = Math.max(0, BRUSH_SIZES.findLastIndex((step) => step <= size));
  return (
    <>
      <div className={classes["row"]}>
        <span id="mask-size">Brush</span>
        <NumberInput
          aria-labelledby="mask-size" data-testid="mask-size" size="xs" w={84} suffix=" px" min={SMALLEST_BRUSH_PX} max={LARGEST_BRUSH_PX} clampBehavior="strict" allowDecimal={false} allowNegative={false}
          value={size} onChange={(value) => typeof value === "number" && setSize(value)}
        />
      </div>
      <Slider aria-label="Brush size" size="sm" min={0} max={STEPS} step={1} label={null} thumbLabel="Brush size" value={at} onChange={(step) => setSize(BRUSH_SIZES[step] ?? size)} />
      <SegmentedControl aria-label="Brush form" size="xs" fullWidth value={form} onChange={setForm} data={[{ value: "round", label: "Round" }, { value: "square", label: "Square" }]} />
    </>
  );
}

function ByColour({ session }: { session: Session }) {
  const [tolerance, setTolerance] = useSetting(session, TOLERANCE);
  const [compare, setCompare] = useSetting(session, COMPARE);
  return (
    <>
      <div className={classes["row"]}>
        <span>Tolerance</span>
        <span data-testid="mask-tolerance">{tolerance}</span>
      </div>
      <Slider aria-label="Tolerance" size="sm" min={0} max={160} step={1} label={null} thumbLabel="Tolerance" value={tolerance} onChange={setTolerance} />
      <SegmentedControl aria-label="What must be alike" size="xs" fullWidth value={compare} onChange={setCompare} data={[{ value: "colour", label: "Colour" }, { value: "brightness", label: "Brightness" }]} />
    </>
  );
}

function Habits({ session }: { session: Session }) {
  const [overlap, setOverlap] = useSetting(session, OVERLAP);
  const [pressure, setPressure] = useSetting(session, PRESSURE);
  const [finger, setFinger] = useSetting(session, FINGER);
  return (
    <>
      <span className={classes["caption"]} id="mask-overlap">Pixels of other bitmaps</span>
      <SegmentedControl
        aria-labelledby="mask-overlap" data-testid="mask-overlap" size="xs" fullWidth value={overlap} onChange={setOverlap}
        data={[{ value: "share", label: "Share" }, { value: "keep", label: "Keep" }, { value: "take", label: "Take over" }]}
      />
      <details>
        <summary>Pen and fingers</summary>
        <div className={classes["options"]}>
          <Switch size="xs" label="A pen paints as it presses" checked={pressure} onChange={(event) => setPressure(event.currentTarget.checked)} />
          <Switch size="xs" label="One finger paints" checked={finger} onChange={(event) => setFinger(event.currentTarget.checked)} />
        </div>
      </details>
    </>
  );
}

function Operations({ session, open }: { session: Session; open: boolean }) {
  const [least, setLeast] = useSetting(session, ISLAND_PX);
  return (
    <details open={open}>
      <summary>The bitmap as a whole</summary>
      <div className={classes["operations"]}>
        {maskCommands.map((command) => (
          <Operation key={command.id} command={command} session={session} />
        ))}
      </div>
      <div className={classes["row"]}>
        <span id="mask-islands">Islands below</span>
        <NumberInput
          aria-labelledby="mask-islands" size="xs" w={84} suffix=" px" min={1} max={1_000_000} allowDecimal={false} allowNegative={false}
          value={least} onChange={(value) => typeof value === "number" && setLeast(value)}
        />
      </div>
    </details>
  );
}

function Operation({ command, session }: { command: MaskCommand; session: Session }) {
  // Everything that a command asks of the page is in the session's state.
  const possible = useStore(session.store, () => command.when(session));
  const why = command.blocked?.(session) ?? null;
  const keys = useKeys(command.id).map(keyText).join(" or ");
  return (
    <Tooltip label={why ?? (keys === "" ? command.title : `${command.title} (${keys})`)} position="right" withArrow>
      <Button size="compact-xs" variant="default" disabled={!possible} {...(why === null ? {} : { "data-disabled": true, "aria-disabled": true })} data-testid={command.id} onClick={() => command.run(session)}>
        {command.short}
      </Button>
    </Tooltip>
  );
}
