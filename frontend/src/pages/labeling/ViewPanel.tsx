import { Button, NativeSelect, Switch } from "@mantine/core";
import { IconRuler2, IconZoomInArea, IconZoomReset } from "@tabler/icons-react";
import { PLAIN_TONE, type Tone } from "@/core/tone";
import { KeyHint } from "@/keys/KeyHint";
import { NAMES, type Names, type ViewChoice } from "@/core/view";
import { useCommand, useLabeling, usePreference, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { Slider } from "./Slider";
import type { Workspace } from "./workspace";

const NAME_CHOICES: Readonly<Record<Names, string>> = { touched: "The one in hand", all: "All that are large enough", none: "None" };

/** How image and objects look; every choice stays for the next image and the next visit. */
export function ViewPanel({ workspace }: { workspace: Workspace }) {
  const { campaign, preferences } = useLabeling();
  const view = usePreference((state) => state.view);
  const objects = campaign.task !== "classification";
  const change = (next: Partial<ViewChoice>): void => preferences.setState((state) => ({ view: { ...state.view, ...next } }));
  return (
    <details className={classes["bands"]} data-testid="view-panel">
      <summary>View</summary>
      <div className={classes["bandsOpen"]}>
      <ViewButtons workspace={workspace} objects={objects} />
      <ToneSliders tone={view.tone} withGamma={!workspace.image.tiled} onChange={(tone) => change({ tone: { ...view.tone, ...tone } })} />
      {objects && (
        <>
          <Slider
            name="Objects" testId="opacity" value={view.opacity} min={0} max={1} step={0.05} text={`${Math.round(view.opacity * 100)} %`}
            onChange={(opacity) => change({ opacity })} reset={view.opacity === 1 ? undefined : { title: "Show objects at full strength", run: () => change({ opacity: 1 }) }}
          />
          <NativeSelect
            size="xs" label="Names" data-testid="names" value={view.names}
            onChange={(event) => change({ names: NAMES.find((name) => name === event.currentTarget.value) ?? "touched" })}
            data={NAMES.map((value) => ({ value, label: NAME_CHOICES[value] }))}
          />
          <Toggle name="Colour by confidence" command="color-by" testId="color-by" on={view.colorBy === "confidence"} onChange={(on) => change({ colorBy: on ? "confidence" : "label" })} />
          <Toggle name="A shade for each object" command="color-objects" testId="color-objects" on={view.colorBy === "object"} onChange={(on) => change({ colorBy: on ? "object" : "label" })} />
        </>
      )}
      <Toggle name="Crosshair" command="crosshair" testId="crosshair" on={view.crosshair} onChange={(crosshair) => change({ crosshair })} />
      <Toggle name="Lines between pixels" command="grid" testId="grid" on={view.grid} onChange={(grid) => change({ grid })} />
      <Toggle name="Small picture of the whole" command="minimap" testId="minimap-switch" on={view.minimap} onChange={(minimap) => change({ minimap })} />
      </div>
    </details>
  );
}

function ViewButtons({ workspace, objects }: { workspace: Workspace; objects: boolean }) {
  const command = useCommand();
  const measuring = useSession(workspace, (state) => state.mode === "measure");
  const selected = useSession(workspace, (state) => state.selection.length > 0);
  return (
    <div className={classes["buttons"]}>
      <Button px={7} size="compact-xs" variant="default" data-testid="fit" leftSection={<IconZoomReset size={14} />} rightSection={<KeyHint command="fit" />} onClick={() => command("fit")}>
        Fit
      </Button>
      <Button px={7} size="compact-xs" variant="default" data-testid="one-to-one" rightSection={<KeyHint command="one-to-one" />} onClick={() => command("one-to-one")}>
        1 : 1
      </Button>
      {objects && (
        <Button px={7} size="compact-xs" variant="default" disabled={!selected} data-testid="zoom-object" leftSection={<IconZoomInArea size={14} />} rightSection={<KeyHint command="zoom-object" />} onClick={() => command("zoom-object")}>
          Object
        </Button>
      )}
      <Button px={7} size="compact-xs" variant={measuring ? "light" : "default"} aria-pressed={measuring} data-testid="measure" leftSection={<IconRuler2 size={14} />} rightSection={<KeyHint command="measure" />} onClick={() => command("measure")}>
        Measure
      </Button>
    </div>
  );
}

function ToneSliders({ tone, withGamma, onChange }: { tone: Tone; withGamma: boolean; onChange: (tone: Partial<Tone>) => void }) {
  const reset = (name: keyof Tone, title: string) => (tone[name] === PLAIN_TONE[name] ? undefined : { title, run: () => onChange({ [name]: PLAIN_TONE[name] }) });
  return (
    <>
      <Slider name="Brightness" testId="brightness" value={tone.brightness} min={-0.8} max={0.8} step={0.02} text={`${Math.round(tone.brightness * 100)} %`} onChange={(brightness) => onChange({ brightness })} reset={reset("brightness", "Brightness as it came")} />
      <Slider name="Contrast" testId="contrast" value={tone.contrast} min={0.2} max={3} step={0.05} text={`${Math.round(tone.contrast * 100)} %`} onChange={(contrast) => onChange({ contrast })} reset={reset("contrast", "Contrast as it came")} />
      {withGamma && <Slider name="Gamma" testId="tone-gamma" value={tone.gamma} min={0.4} max={3} step={0.05} text={tone.gamma.toFixed(2)} onChange={(gamma) => onChange({ gamma })} reset={reset("gamma", "Gamma as it came")} />}
    </>
  );
}

function Toggle({ name, command, testId, on, onChange }: { name: string; command: string; testId: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <div className={classes["row"]}>
      <Switch size="xs" label={name} checked={on} data-testid={testId} onChange={(event) => onChange(event.currentTarget.checked)} />
      <KeyHint command={command} />
    </div>
  );
}
