import { NumberInput, SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";

type Options = Readonly<Record<string, unknown>>;

interface Setting {
  name: "timeout_s" | "connect_timeout_s" | "concurrency" | "retries" | "max_reply_mib" | "threshold" | "max_side";
  usual: number | null;
  min: number;
  max: number;
  step: number;
  whole: boolean;
}

const SETTINGS: readonly Setting[] = [
  { name: "timeout_s", usual: 120, min: 0.1, max: 3600, step: 5, whole: false },
  { name: "connect_timeout_s", usual: 5, min: 0.1, max: 60, step: 1, whole: false },
  { name: "concurrency", usual: 16, min: 1, max: 256, step: 1, whole: true },
  { name: "retries", usual: 3, min: 0, max: 3, step: 1, whole: true },
  { name: "threshold", usual: 0, min: 0, max: 1, step: 0.05, whole: false },
  { name: "max_reply_mib", usual: 32, min: 1, max: 256, step: 1, whole: true },
  { name: "max_side", usual: null, min: 16, max: 65_536, step: 64, whole: true },
];

/** Options with one of them set, or given back to its default, which is not stored. */
export function withSetting(options: Options, name: string, value: number | undefined, usual: number | null): Options {
  const rest = Object.fromEntries(Object.entries(options).filter(([other]) => other !== name));
  return value === undefined || value === usual ? rest : { ...rest, [name]: value };
}

interface Props {
  /** The model's options; null while their text is no JSON. */
  options: Options | null;
  onChange: (options: Options) => void;
}

/** How patiently and how often a model is called: numbers that every protocol heeds. */
export function CallSettings({ options, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }} data-testid="call-settings">
      {SETTINGS.map(({ name, usual, min, max, step, whole }) => {
        const value = options?.[name];
        return (
          <NumberInput
            key={name}
            label={t(`models.call.${name}`)}
            description={t(`models.call.${name}Hint`)}
            inputWrapperOrder={["label", "input", "description", "error"]}
            placeholder={usual === null ? t("models.call.none") : String(usual)}
            value={typeof value === "number" ? value : (usual ?? "")}
            min={min}
            max={max}
            step={step}
            allowDecimal={!whole}
            allowNegative={false}
            disabled={options === null}
            onChange={(next) => onChange(withSetting(options ?? {}, name, typeof next === "number" ? next : undefined, usual))}
            data-testid={`call-${name}`}
          />
        );
      })}
    </SimpleGrid>
  );
}
