import { NativeSelect, NumberInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { BandPresets } from "./BandPresets";
import { useLabeling, usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { bandChoiceOf, statisticsQuery } from "./pictures";
import type { BandChoice, Stretch } from "./preferences";
import { Slider } from "./Slider";
import type { BandStatistics, ImageFacts } from "./wire";

const STRETCHES: readonly { readonly value: Stretch; readonly label: string }[] = [
  { value: "auto", label: "Automatic" },
  { value: "percentile", label: "Between percentiles" },
  { value: "range", label: "Lowest to highest" },
];

/** Which bands are red, green and blue, and how their values become light. The choice stays for the next image. */
export function BandPanel({ image }: { image: ImageFacts }) {
  const { preferences } = useLabeling();
  const stored = usePreference((state) => state.bands[image.bands]);
  const choice = bandChoiceOf(image, { bands: stored ? { [image.bands]: stored } : {} });
  const statistics = useQuery(statisticsQuery(image));
  const change = (next: Partial<BandChoice>): void => preferences.setState((state) => ({ bands: { ...state.bands, [image.bands]: { ...choice, ...next } } }));
  return (
    <details className={classes["bands"]} data-testid="bands">
      <summary>Bands and stretch</summary>
      <div className={classes["bandsOpen"]}>
      <BandPresets image={image} choice={choice} onChange={change} />
      <BandSelects image={image} choice={choice} statistics={statistics.data ?? []} onChange={(bands) => change({ bands })} />
      <NativeSelect
        size="xs"
        label="Stretch"
        data-testid="stretch"
        value={choice.stretch}
        onChange={(event) => change({ stretch: STRETCHES.find(({ value }) => value === event.currentTarget.value)?.value ?? "auto" })}
        data={[...STRETCHES]}
      />
      {choice.stretch === "percentile" && <Percentiles choice={choice} onChange={change} />}
      <Slider
        name="Gamma" testId="gamma" value={choice.gamma} min={0.4} max={3} step={0.1} text={choice.gamma.toFixed(1)} onChange={(gamma) => change({ gamma })}
        reset={choice.gamma === 1 ? undefined : { title: "Gamma as it came", run: () => change({ gamma: 1 }) }}
      />
      </div>
    </details>
  );
}

/** Between them the values become light; a half-typed pair that does not rise is left alone. */
function Percentiles({ choice, onChange }: { choice: BandChoice; onChange: (next: Partial<BandChoice>) => void }) {
  const set = (next: Pick<BandChoice, "low"> | Pick<BandChoice, "high">): void => {
    const { low, high } = { ...choice, ...next };
    if (low >= 0 && high <= 100 && low < high) onChange(next);
  };
  return (
    <div className={classes["channels"]}>
      <NumberInput size="xs" label="Black below %" data-testid="percentile-low" min={0} max={100} step={0.5} decimalScale={2} value={choice.low} onChange={(low) => set({ low: Number(low) })} />
      <NumberInput size="xs" label="White above %" data-testid="percentile-high" min={0} max={100} step={0.5} decimalScale={2} value={choice.high} onChange={(high) => set({ high: Number(high) })} />
    </div>
  );
}

interface BandSelectsProps {
  image: ImageFacts;
  choice: BandChoice;
  statistics: readonly BandStatistics[];
  onChange: (bands: readonly number[]) => void;
}

function BandSelects({ image, choice, statistics, onChange }: BandSelectsProps) {
  const names = Array.from({ length: image.bands }, (_, at) => ({
    value: String(at + 1),
    label: statistics.find((band) => band.index === at + 1)?.name || `Band ${at + 1}`,
  }));
  const channels = image.bands >= 3 ? ["Red", "Green", "Blue"] : ["Gray"];
  const now = channels.map((_, at) => choice.bands[at] ?? at + 1);
  return (
    <div className={classes["channels"]}>
      {channels.map((channel, at) => (
        <NativeSelect
          key={channel}
          size="xs"
          label={channel}
          data-testid={`band-${channel.toLowerCase()}`}
          value={String(now[at])}
          onChange={(event) => onChange(now.map((band, other) => (other === at ? Number(event.currentTarget.value) : band)))}
          data={names}
        />
      ))}
    </div>
  );
}
