import { Checkbox, MultiSelect, NumberInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { Start } from "./Start";
import { usual, type Values, type Wishes } from "./trainingForm";

export type Form = UseFormReturnType<Values>;
interface Choice {
  value: string;
  label: string;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={6}>
        {title}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>{children}</SimpleGrid>
    </div>
  );
}

interface Props {
  campaign: Campaign;
  form: Form;
  earlier: Choice[];
  wishes: Wishes;
  /** What the server finds wrong with the form as it stands, by field. */
  wrong: Readonly<Record<string, string>>;
}

/** All that may be said of a training beyond its method: what it heeds, and nothing else. */
export function TrainingOptions({ campaign, form, earlier, wishes, wrong }: Props) {
  const { t } = useTranslation();
  const has = (...names: (keyof Values)[]) => names.some((name) => wishes.has(name));
  const field = (name: keyof Values) => ({ ...form.getInputProps(name), error: form.errors[name] ?? wrong[name], "data-testid": `wish-${name}` });
  const tick = (name: "multi_label" | "crop" | "promote") => ({ ...form.getInputProps(name, { type: "checkbox" }), "data-testid": `wish-${name}` });
  const auto = (name: keyof Values) => usual(wishes, name) ?? t("training.auto");
  return (
    <Stack maw={860}>
      <Part title={t("training.parts.learn")}>
        <MultiSelect label={t("training.labels")} placeholder={form.values.labels.length === 0 ? t("training.labelsAll") : ""} data={campaign.labels.map(({ id, name }) => ({ value: String(id), label: name }))} clearable {...field("labels")} />
        <Select label={t("training.size")} allowDeselect={false} data={(["small", "medium", "large"] as const).map((value) => ({ value, label: t(`training.sizes.${value}`) }))} {...field("size")} />
        {has("bands") && <TextInput label={t("training.bands")} placeholder={t("training.bandsAll")} {...field("bands")} />}
        {has("unlabeled") && (
          <Select label={t("training.unlabeled")} allowDeselect={false} data={(["auto", "ignore", "background"] as const).map((value) => ({ value, label: t(`training.unlabeledIs.${value}`) }))} {...field("unlabeled")} />
        )}
        <Start campaign={campaign} form={form} earlier={has("start_from") ? earlier : []} networks={wishes.get("network")?.choices ?? []} wrong={wrong} />
        {has("multi_label") && <Checkbox mt={{ base: 0, xs: 28 }} label={t("training.multiLabel")} description={t("training.multiLabelText")} {...tick("multi_label")} />}
      </Part>
      <Part title={t("training.parts.measure")}>
        <NumberInput label={t("training.validation")} description={t("training.validationText")} suffix=" %" min={0} max={50} {...field("validation")} />
        <Select label={t("training.groups")} description={t("training.groupsText")} allowDeselect={false} data={(["none", "folders", "names", "places", "duplicates"] as const).map((value) => ({ value, label: t(`training.together.${value}`) }))} {...field("groups")} />
      </Part>
      <Part title={t("training.parts.end")}>
        <NumberInput label={t("training.minutes")} min={1} max={1440} {...field("minutes")} />
        <NumberInput label={t("training.patience")} placeholder={auto("patience")} min={1} {...field("patience")} />
        <NumberInput label={t("training.epochs")} placeholder={auto("epochs")} min={1} max={10_000} {...field("epochs")} />
      </Part>
      {has("flips", "colour", "crop") && (
        <Part title={t("training.parts.vary")}>
          <Select label={t("training.flips")} allowDeselect={false} data={(["none", "horizontal", "both", "turns"] as const).map((value) => ({ value, label: t(`training.mirror.${value}`) }))} {...field("flips")} />
          <Select label={t("training.colour")} allowDeselect={false} data={(["none", "light", "strong"] as const).map((value) => ({ value, label: t(`training.colours.${value}`) }))} {...field("colour")} />
          <Checkbox mt={{ base: 0, xs: 28 }} label={t("training.crop")} {...tick("crop")} />
        </Part>
      )}
      <Part title={t("training.parts.steps")}>
        {has("frozen") && <Select label={t("training.frozen")} allowDeselect={false} data={(["none", "early", "backbone"] as const).map((value) => ({ value, label: t(`training.freeze.${value}`) }))} {...field("frozen")} />}
        {has("learning_rate") && <TextInput inputMode="decimal" label={t("training.learningRate")} placeholder={auto("learning_rate")} {...field("learning_rate")} />}
        {has("batch") && <NumberInput label={t("training.batch")} placeholder={auto("batch")} min={1} max={512} {...field("batch")} />}
        <TextInput inputMode="decimal" label={t("training.weightDecay")} placeholder={auto("weight_decay")} {...field("weight_decay")} />
        <NumberInput label={t("training.seed")} min={0} {...field("seed")} />
      </Part>
      <Checkbox label={t("training.promote")} {...tick("promote")} />
    </Stack>
  );
}
