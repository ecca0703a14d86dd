import { Button, Card, Checkbox, Group, MultiSelect, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useStartTraining } from "@/api/learning";
import { useCampaignModels } from "@/api/models";
import type { Campaign, TrainingForm } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { modelTitle } from "@/parts/modelTitle";
import { ScopeSelect, useScopes } from "../images/ScopeSelect";
import { startOf, type StartSearch } from "./startSearch";

interface Values {
  name: string;
  method: "fast_head" | "fine_tune";
  size: "small" | "medium" | "large";
  minutes: number | string;
  patience: number | string;
  validation: number | string;
  learning_rate: number | string;
  seed: number | string;
  start_from: string;
  batch: number | string;
  flips: "none" | "horizontal" | "both";
  labels: string[];
  bands: string;
  unlabeled: "auto" | "ignore" | "background";
  promote: boolean;
}

const INITIAL: Values = { name: "", method: "fast_head", size: "small", minutes: 30, patience: "", validation: 20, learning_rate: "", seed: 0, start_from: "", batch: "", flips: "horizontal", labels: [], bands: "", unlabeled: "auto", promote: true };

function numberOr(value: number | string): number | undefined {
  return value === "" ? undefined : Number(value);
}

/** Numbers with anything between them: "4, 3, 2"; nothing: the colours that a person sees. */
export function bandsOf(text: string): number[] | undefined {
  const numbers = text.match(/\d+/g)?.map(Number);
  return numbers === undefined || numbers.length === 0 ? undefined : numbers;
}

/** What the form says, without what was left blank: the server fills that in. */
export function trainingBody(values: Values): TrainingForm {
  const { name, method, size, start_from: from } = values;
  const body = {
    method,
    size,
    name: name.trim() === "" ? undefined : name.trim(),
    minutes: numberOr(values.minutes),
    patience: numberOr(values.patience),
    validation: values.validation === "" ? undefined : Number(values.validation) / 100,
    learning_rate: method === "fine_tune" ? numberOr(values.learning_rate) : undefined,
    seed: numberOr(values.seed),
    ...startOf(from),
    batch: method === "fine_tune" ? numberOr(values.batch) : undefined,
    flips: method === "fine_tune" ? values.flips : undefined,
    labels: values.labels.length === 0 ? undefined : values.labels.map(Number),
    bands: bandsOf(values.bands),
    unlabeled: values.unlabeled === "auto" ? undefined : values.unlabeled,
    promote: values.promote ? undefined : false,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

export function StartTraining({ campaign, going, onStart }: { campaign: Campaign; going: boolean; onStart: () => void }) {
  const { t } = useTranslation();
  const start = useStartTraining(campaign.id);
  const models = useCampaignModels(campaign.id);
  const { from = "" } = useSearch({ strict: false }) as StartSearch;
  const form = useForm({ initialValues: { ...INITIAL, start_from: from } });
  const scopes = useScopes(campaign, ["all"]);
  const labeled = campaign.counts.submitted + campaign.counts.accepted;
  const earlier = (models.data ?? []).filter((one) => one.model.kind === "internal").flatMap(({ model }) => {
    const best = { value: String(model.id), label: modelTitle(model) };
    return from === `${model.id}-last` ? [best, { value: from, label: t("training.fromLast", { model: modelTitle(model) }) }] : [best];
  });
  return (
    <Card>
      <form onSubmit={form.onSubmit((values) => start.mutate({ ...trainingBody(values), ...(scopes.name === "all" ? {} : { images: scopes.images }) }, { onSuccess: onStart }))}>
        <Stack>
          <div>
            <Title order={2} fz={18}>
              {t("training.title")}
            </Title>
            <Text size="sm" c="dimmed" className="winnow-numbers">
              {t("training.labeled", { count: labeled })}
            </Text>
          </div>
          <div>
            <Text size="sm" fw={500} mb={4} id="training-method">
              {t("training.method")}
            </Text>
            <SegmentedControl
              aria-labelledby="training-method"
              data={(["fast_head", "fine_tune"] as const).map((value) => ({ value, label: t(`training.methods.${value}`) }))}
              {...form.getInputProps("method")}
            />
            <Text size="sm" c="dimmed" mt={6}>
              {t(`training.methodText.${form.values.method}`)}
            </Text>
          </div>
          <Group align="flex-end">
            <ScopeSelect scopes={scopes} />
            <TextInput label={t("training.name")} placeholder={t("training.namePlaceholder")} w={280} {...form.getInputProps("name")} />
            <Button type="submit" leftSection={<IconPlayerPlay size={17} />} loading={start.isPending} disabled={going || labeled === 0} data-testid="start-training">
              {t("training.start")}
            </Button>
          </Group>
          {labeled === 0 && (
            <Text size="sm" c="var(--winnow-wheat-text)">
              {t("training.noLabels")}
            </Text>
          )}
          <Disclosure label={t("training.options")} opened={from !== ""}>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} maw={860}>
              <Select label={t("training.size")} data={(["small", "medium", "large"] as const).map((value) => ({ value, label: t(`training.sizes.${value}`) }))} {...form.getInputProps("size")} />
              <NumberInput label={t("training.minutes")} min={1} max={1440} {...form.getInputProps("minutes")} />
              <NumberInput label={t("training.patience")} placeholder={t("training.auto")} min={1} {...form.getInputProps("patience")} />
              <NumberInput label={t("training.validation")} suffix=" %" min={0} max={50} {...form.getInputProps("validation")} />
              <NumberInput label={t("training.learningRate")} placeholder={t("training.auto")} min={0} step={0.0001} decimalScale={8} disabled={form.values.method === "fast_head"} {...form.getInputProps("learning_rate")} />
              <NumberInput label={t("training.seed")} min={0} {...form.getInputProps("seed")} />
              <NumberInput label={t("training.batch")} placeholder={t("training.auto")} min={1} max={512} disabled={form.values.method === "fast_head"} {...form.getInputProps("batch")} />
              <Select label={t("training.flips")} allowDeselect={false} disabled={form.values.method === "fast_head"} data={(["none", "horizontal", "both"] as const).map((value) => ({ value, label: t(`training.mirror.${value}`) }))} {...form.getInputProps("flips")} />
              <TextInput label={t("training.bands")} placeholder={t("training.bandsAll")} {...form.getInputProps("bands")} />
              {campaign.task === "segmentation" && (
                <Select label={t("training.unlabeled")} allowDeselect={false} data={(["auto", "ignore", "background"] as const).map((value) => ({ value, label: t(`training.unlabeledIs.${value}`) }))} {...form.getInputProps("unlabeled")} />
              )}
              {earlier.length > 0 && <Select label={t("training.startFrom")} clearable data-testid="start-from" data={[{ value: "", label: t("training.fromBackbone") }, ...earlier]} {...form.getInputProps("start_from")} />}
            </SimpleGrid>
            <Stack gap="sm" mt="sm" maw={860}>
              <MultiSelect label={t("training.labels")} placeholder={form.values.labels.length === 0 ? t("training.labelsAll") : ""} data={campaign.labels.map(({ id, name }) => ({ value: String(id), label: name }))} clearable {...form.getInputProps("labels")} />
              <Checkbox label={t("training.promote")} {...form.getInputProps("promote", { type: "checkbox" })} />
            </Stack>
          </Disclosure>
        </Stack>
      </form>
    </Card>
  );
}
