import { Button, Checkbox, Group, NativeSelect, SegmentedControl, Text } from "@mantine/core";
import { IconCheck, IconSparkles } from "@tabler/icons-react";
import { useStore } from "zustand";
import type { Assistant, AssistStatus } from "../../core/assistant";
import type { ToolSettings, Setting } from "../../core/tool-settings";
import { valueOf } from "../../core/tool-settings";
import type { Session } from "../session";
import { BACKGROUND, GRABCUT, LIVE, METHOD, methodOf, MODEL, POLYGON, TOUCH_UP, wayOf, waysOf } from "./settings";

interface Props {
  readonly session: Session;
}

/** The steps of smart labeling as buttons, and its switches. */
export default function SmartOptions({ session }: Props) {
  return session.assistant ? <Panel session={session} assistant={session.assistant} /> : null;
}

function Panel({ session, assistant }: Props & { readonly assistant: Assistant }) {
  const status = useStore(assistant.status);
  const values = useStore(session.settings.store);
  const method = methodOf(valueOf(values, METHOD), status);
  const act = (command: string) => () => void session.alive.act?.(command);
  const model = status.models?.[0];
  const choose = (way: string) => {
    if (way !== GRABCUT) session.settings.set(MODEL, way);
    session.settings.set(METHOD, way === GRABCUT ? GRABCUT : "model");
    act("smart-chosen")();
  };
  return (
    <section aria-label="Smart labeling" data-testid="smart-options" data-ready={status.ready} data-busy={status.busy} data-method={method}>
      <Ways ways={waysOf(status)} value={wayOf(valueOf(values, METHOD), valueOf(values, MODEL), status)} onChange={choose} />
      {status.models !== null && !model && (
        <Text size="xs" c="dimmed" mt={4}>
          With MobileSAM, or a model at an address that answers clicks, a click is enough. A manager adds it on the Models page and attaches it to this campaign.
        </Text>
      )}
      <SegmentedControl
        fullWidth size="xs" mt="xs" value={valueOf(values, BACKGROUND) ? "off" : "on"} aria-label="What strokes and clicks mark" data-testid="smart-side"
        data={[{ value: "on", label: "+ on the thing" }, { value: "off", label: "− off it" }]}
        onChange={act("smart-side")}
      />
      <Group gap="xs" grow mt="xs">
        <Button size="xs" variant="default" leftSection={<IconSparkles size={14} />} loading={status.busy} onClick={act("smart-extract")} data-testid="smart-extract">
          Extract
        </Button>
        <Button size="xs" leftSection={<IconCheck size={14} />} disabled={!status.ready} onClick={act("smart-done")} data-testid="smart-done">
          Done
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mt={4} aria-live="polite" data-testid="smart-figures">
        {figures(status)}
      </Text>
      <Switch settings={session.settings} on={valueOf(values, LIVE)} setting={LIVE} label="Ask after each mark" />
      <Switch settings={session.settings} on={valueOf(values, POLYGON)} setting={POLYGON} label="Make polygons" />
      <Switch settings={session.settings} on={valueOf(values, TOUCH_UP)} setting={TOUCH_UP} label="Touch up when done" />
    </section>
  );
}

function figures({ confidence, took_ms }: AssistStatus): string {
  if (took_ms === null) return " ";
  const found = `ound in ${Math.round(took_ms)} ms`;
  return confidence === null ? `F${found}` : `${Math.round(confidence * 100)} % sure, f${found}`;
}

interface WaysProps {
  readonly ways: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
  readonly onChange: (way: string) => void;
}

/** The longest name that half of the panel has room for. */
const SHORT = 14;

/** One model and GrabCut stand side by side; more of them, or longer names, in a list. */
function Ways({ ways, value, onChange }: WaysProps) {
  const shared = { size: "xs", value, "aria-label": "How outlines are found", "data-testid": "smart-method" } as const;
  if (ways.length > 2 || ways.some(({ label }) => label.length > SHORT)) return <NativeSelect {...shared} data={[...ways]} onChange={(event) => onChange(event.currentTarget.value)} />;
  const data = ways.length > 1 ? [...ways] : [{ value: "model", label: "Model" }, ...ways];
  return <SegmentedControl {...shared} fullWidth disabled={ways.length < 2} data={data} onChange={(way) => way !== value && onChange(way)} />;
}

function Switch({ settings, setting, on, label }: { settings: ToolSettings; setting: Setting<boolean>; on: boolean; label: string }) {
  return <Checkbox size="xs" mt={6} label={label} checked={on} data-testid={setting.name} onChange={(event) => settings.set(setting, event.currentTarget.checked)} />;
}
