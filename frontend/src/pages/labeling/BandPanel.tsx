import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useLabeling, usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { bandChoiceOf } from "./pictures";
import type { BandChoice, Stretch } from "./preferences";
import { bandStatistics, type BandStatistics, type ImageFacts } from "./wire";

const STRETCHES: readonly { readonly value: Stretch; readonly label: string }[] = [
  { value: "auto", label: "Automatic" },
  { value: "percentile", label: "2nd to 98th percentile" },
  { value: "range", label: "Lowest to highest" },
];

/** Which bands are red, green and blue, and how their values become light. The choice stays for the next image. */
export function BandPanel({ image }: { image: ImageFacts }) {
  const { preferences } = useLabeling();
  const choice = usePreference((state) => bandChoiceOf(image, state));
  const statistics = useQuery({ queryKey: ["images", image.id, "statistics"], queryFn: ({ signal }) => bandStatistics(image.id, signal), staleTime: Infinity });
  const change = (next: Partial<BandChoice>): void => preferences.setState((state) => ({ bands: { ...state.bands, [image.bands]: { ...choice, ...next } } }));
  return (
    <details className={classes["bands"]} data-testid="bands">
      <summary>Bands and stretch</summary>
      <BandSelects image={image} choice={choice} statistics={statistics.data ?? []} onChange={(bands) => change({ bands })} />
      <NativeSelect
        size="xs"
        label="Stretch"
        data-testid="stretch"
        value={choice.stretch}
        onChange={(event) => change({ stretch: STRETCHES.find(({ value }) => value === event.currentTarget.value)?.value ?? "auto" })}
        data={[...STRETCHES]}
      />
      <label className={classes["slider"]}>
        <span>Gamma</span>
        <output>{choice.gamma.toFixed(1)}</output>
        <input type="range" min={0.4} max={3} step={0.1} value={choice.gamma} data-testid="gamma" onChange={(event) => change({ gamma: Number(event.currentTarget.value) })} />
      </label>
    </details>
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
