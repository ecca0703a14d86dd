import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useUpdateCampaign } from "@/api/campaigns";
import { useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { DEFAULT_BANDS, type BandChoice } from "./preferences";
import type { ImageFacts } from "./wire";

interface Props {
  image: ImageFacts;
  choice: BandChoice;
  onChange: (choice: BandChoice) => void;
}

type Preset = BandChoice & { readonly name: string };

/** Ways to show the bands that the campaign's managers saved; everybody chooses, managers save and delete. */
export function BandPresets({ image, choice, onChange }: Props) {
  const { campaign } = useLabeling();
  const mayManage = campaign.role === "owner" || campaign.role === "manager";
  const all = (campaign.settings.band_presets ?? []).map(({ name, ...preset }) => ({ name, ...DEFAULT_BANDS, ...preset }));
  const fitting = all.filter(({ bands }) => bands.every((band) => band <= image.bands));
  const chosen = fitting.find((preset) => sameChoice(preset, choice));
  if (fitting.length === 0 && !mayManage) return null;
  return (
    <>
      <NativeSelect
        size="xs"
        label="Preset"
        data-testid="band-preset"
        value={chosen?.name ?? ""}
        onChange={(event) => {
          const preset = fitting.find(({ name }) => name === event.currentTarget.value);
          onChange(preset ? withoutName(preset) : DEFAULT_BANDS);
        }}
        data={[{ value: "", label: sameChoice(choice, DEFAULT_BANDS) ? "As the image comes" : "Your own" }, ...fitting.map(({ name }) => ({ value: name, label: name }))]}
      />
      {mayManage && <Keep all={all} choice={choice} chosen={chosen} />}
    </>
  );
}

function Keep({ all, choice, chosen }: { all: readonly Preset[]; choice: BandChoice; chosen: Preset | undefined }) {
  const { campaign } = useLabeling();
  const update = useUpdateCampaign(campaign.id);
  const [name, setName] = useState("");
  const save = (presets: readonly Preset[]): void => update.mutate({ settings: { band_presets: presets.map((preset) => ({ ...preset, bands: [...preset.bands] })) } }, { onSuccess: () => setName("") });
  if (chosen) {
    return (
      <div className={classes["row"]}>
        <span className={classes["quiet"]}>Saved for everybody here.</span>
        <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Delete the preset ${chosen.name}`} data-testid="delete-preset" loading={update.isPending} onClick={() => save(all.filter((preset) => preset.name !== chosen.name))}>
          <IconTrash size={15} />
        </ActionIcon>
      </div>
    );
  }
  const wanted = name.trim();
  return (
    <form
      className={classes["saveAs"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== "") save([...all.filter((preset) => preset.name.toLowerCase() !== wanted.toLowerCase()), { ...choice, name: wanted }]);
      }}
    >
      <TextInput size="xs" aria-label="Name of the preset" placeholder="Save for everybody as …" maxLength={60} value={name} data-testid="preset-name" onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" size="xs" variant="default" disabled={wanted === ""} loading={update.isPending} data-testid="save-preset">
        Save
      </Button>
    </form>
  );
}

function withoutName({ bands, stretch, low, high, gamma }: Preset): BandChoice {
  return { bands, stretch, low, high, gamma };
}

function sameChoice(a: BandChoice, b: BandChoice): boolean {
  const percentiles = a.stretch !== "percentile" || (a.low === b.low && a.high === b.high);
  return a.bands.join() === b.bands.join() && a.stretch === b.stretch && percentiles && a.gamma === b.gamma;
}
