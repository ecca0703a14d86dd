import { Checkbox, MultiSelect, NumberInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import type { Values } from "./trainingForm";

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

/** All that may be said of a training beyond its method; what a fast head does not take is not shown for it. */
export function TrainingOptions({ campaign, form, earlier }: { campaign: Campaign; form: Form; earlier: Choice[] }) {
  const { t } = useTranslation();
  const tunes = form.values.method === "fine_tune";
  return (
    <Stack maw={860}>
      <Part title={t("training.parts.learn")}>
        <MultiSelect label={t("training.labels")} placeholder={form.values.labels.length === 0 ? t("training.labelsAll") : ""} data={campaign.labels.map(({ id, name }) => ({ value: String(id), label: name }))} clearable {...form.getInputProps("labels")} />
        <Select label={t("training.size")} allowDeselect={false} data={(["small", "medium", "large"] as const).map((value) => ({ value, label: t(`training.sizes.${value}`) }))} {...form.getInputProps("size")} />
        <TextInput label={t("training.bands")} placeholder={t("training.bandsAll")} {...form.getInputProps("bands")} />
        {campaign.task === "segmentation" && (
          <Select label={t("training.unlabeled")} allowDeselect={false} data={(["auto", "ignore", "background"] as const).map((value) => ({ value, label: t(`training.unlabeledIs.${value}`) }))} {...form.getInputProps("unlabeled")} />
        )}
        {earlier.length > 0 && <Select label={t("training.startFrom")} clearable data-testid="start-from" data={[{ value: "", label: t("training.fromBackbone") }, ...earlier]} {...form.getInputProps("start_from")} />}
      </Part>
      <Part title={t("training.parts.measure")}>
        <NumberInput label={t("training.validation")} description={t("training.validationText")} suffix=" %" min={0} max={50} {...form.getInputProps("validation")} />
        <Select label={t("training.groups")} description={t("training.groupsText")} allowDeselect={false} data-testid="training-groups" data={(["none", "folders", "duplicates"] as const).map((value) => ({ value, label: t(`training.together.${value}`) }))} {...form.getInputProps("groups")} />
      </Part>
      <Part title={t("training.parts.end")}>
        <NumberInput label={t("training.minutes")} min={1} max={1440} {...form.getInputProps("minutes")} />
        <NumberInput label={t("training.patience")} placeholder={t("training.auto")} min={1} {...form.getInputProps("patience")} />
        <NumberInput label={t("training.seed")} min={0} {...form.getInputProps("seed")} />
      </Part>
      {tunes && <Tuning form={form} />}
      <Checkbox label={t("training.promote")} {...form.getInputProps("promote", { type: "checkbox" })} />
    </Stack>
  );
}

function Tuning({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <>
      <Part title={t("training.parts.vary")}>
        <Select label={t("training.flips")} allowDeselect={false} data={(["none", "horizontal", "both", "turns"] as const).map((value) => ({ value, label: t(`training.mirror.${value}`) }))} {...form.getInputProps("flips")} />
        <Select label={t("training.colour")} allowDeselect={false} data={(["none", "light", "strong"] as const).map((value) => ({ value, label: t(`training.colours.${value}`) }))} {...form.getInputProps("colour")} />
        <Checkbox mt={{ base: 0, xs: 28 }} label={t("training.crop")} {...form.getInputProps("crop", { type: "checkbox" })} />
      </Part>
      <Part title={t("training.parts.steps")}>
        <Select label={t("training.frozen")} allowDeselect={false} data={(["none", "early", "backbone"] as const).map((value) => ({ value, label: t(`training.freeze.${value}`) }))} {...form.getInputProps("frozen")} />
        <NumberInput label={t("training.learningRate")} placeholder={t("training.auto")} min={0} step={0.0001} decimalScale={8} {...form.getInputProps("learning_rate")} />
        <NumberInput label={t("training.batch")} placeholder={t("training.auto")} min={1} max={512} {...form.getInputProps("batch")} />
      </Part>
    </>
  );
}
