import { Button, Card, Group, SegmentedControl, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useStartTraining, useTrainingEstimate, useTrainingWishes } from "@/api/learning";
import { useCampaignModels } from "@/api/models";
import { ApiProblem } from "@/api/problems";
import type { Campaign } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { modelTitle } from "@/parts/modelTitle";
import { ScopeSelect, useScopes } from "../images/ScopeSelect";
import { Estimate } from "./Estimate";
import type { StartSearch } from "./startSearch";
import { INITIAL, NETWORK, networkOf, TIMM, trainingBody, wishesOf } from "./trainingForm";
import { TrainingOptions } from "./TrainingOptions";

const TYPING_MS = 400;

/** What the server found wrong, by the field that it names. */
function fieldErrors(problem: unknown): Record<string, string> {
  return problem instanceof ApiProblem ? Object.fromEntries(problem.errors.map(({ field, detail }) => [field, detail])) : {};
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
  const known = useTrainingWishes(campaign.id).data;
  const wishes = wishesOf(known?.find(({ method }) => method === form.values.method)?.wishes ?? []);
  const body = { ...trainingBody(form.values, wishes), ...(scopes.name === "all" ? {} : { images: scopes.images }) };
  const asked = JSON.stringify(body);
  const [settled] = useDebouncedValue(asked, TYPING_MS);
  const estimate = useTrainingEstimate(campaign.id, settled, { labeled, going, known: known !== undefined });
  const stale = estimate.isPlaceholderData || settled !== asked;
  const wrong = stale ? {} : fieldErrors(estimate.error);
  const nameless = form.values.start_from === `${NETWORK}${TIMM}` && wishes.has("network") && networkOf(form.values) === undefined;
  const optionWrong = Object.keys({ ...wrong, ...form.errors }).some((name) => name !== "name" && wishes.has(name));
  return (
    <Card>
      <form onSubmit={form.onSubmit(() => start.mutate(body, { onSuccess: onStart, onError: (error) => form.setErrors(fieldErrors(error)) }))}>
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
            <TextInput label={t("training.name")} placeholder={t("training.namePlaceholder")} w={280} {...form.getInputProps("name")} error={form.errors["name"] ?? wrong["name"]} data-testid="wish-name" />
            <Button type="submit" leftSection={<IconPlayerPlay size={17} />} loading={start.isPending} disabled={labeled === 0 || known === undefined || nameless} data-testid="start-training">
              {t("training.begin")}
            </Button>
          </Group>
          {labeled > 0 && (
            <Estimate
              campaign={campaign} known={estimate.data} stale={stale} looking={stale && networkOf(form.values) !== undefined} error={stale ? null : estimate.error} atField={optionWrong}
              onKeepTwins={form.values.groups === "duplicates" ? undefined : () => form.setFieldValue("groups", "duplicates")}
            />
          )}
          {going && (
            <Text size="sm" c="dimmed" data-testid="training-goes">
              {t("training.going")}
            </Text>
          )}
          {labeled === 0 && (
            <Text size="sm" c="var(--winnow-wheat-text)">
              {t("training.noLabels")}
            </Text>
          )}
          <Disclosure label={t("training.options")} opened={from !== "" || optionWrong}>
            <TrainingOptions campaign={campaign} form={form} earlier={earlier} wishes={wishes} wrong={wrong} />
          </Disclosure>
        </Stack>
      </form>
    </Card>
  );
}
