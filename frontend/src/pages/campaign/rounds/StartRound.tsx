import { Anchor, Button, Card, Group, NumberInput, Select, Stack, Switch, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCurrentModel, useStartRound, useStrategiesOf } from "@/api/learning";
import { useCampaignModels } from "@/api/models";
import type { Campaign, Strategy, StrategyName } from "@/api/types";
import { waiting } from "@/parts/counts";
import { modelTitle } from "@/parts/modelTitle";
import { LostFile } from "../models/LostFile";
import { basisOf, CURRENT, DEFAULT_STRATEGY, defaultSize, needOf, rankable, TRAIN, UNSURE } from "./defaults";

/** What may be asked for with any strategy. */
const EXTRAS = ["cost_aware", "balanced", "no_twins", UNSURE] as const;

function Explained({ strategy }: { strategy: Strategy | undefined }) {
  const { t } = useTranslation();
  if (strategy === undefined) return null;
  return (
    <Text size="sm" c="dimmed" data-testid="strategy-text">
      {strategy.description}
      {strategy.paper !== "" && ` (${strategy.paper})`} {t(`rounds.needs.${needOf(strategy)}`)}
    </Text>
  );
}

/** Ask for the next round: what to rank by, how many images, and whether a model is trained first. */
export function StartRound({ campaign, busy, first }: { campaign: Campaign; busy: boolean; first: boolean }) {
  const { t } = useTranslation();
  const strategies = useStrategiesOf(campaign.id);
  const models = useCampaignModels(campaign.id);
  const start = useStartRound(campaign.id);
  const pool = waiting(campaign.counts);
  const labeled = campaign.counts.submitted + campaign.counts.accepted;
  const trained = models.data?.some((one) => one.model.kind === "internal") === true;
  const form = useForm({
    initialValues: { strategy: "" as StrategyName | "", extras: [] as string[], areas: 0 as number | string, superpixels: false, size: defaultSize(pool) as number | string, basis: labeled > 0 && !(first && trained) ? TRAIN : CURRENT, seed: 0 as number | string },
  });
  // What suits the campaign best is known a moment later; until somebody chooses, it is that.
  const chosen = form.values.strategy || (strategies.data?.find((one) => one.default)?.name ?? DEFAULT_STRATEGY);
  const strategy = strategies.data?.find((one) => one.name === chosen);
  const current = useCurrentModel(campaign.id).data?.model;
  const attached = (models.data ?? []).filter((one) => one.model.kind !== "promptable");
  const basis = [
    ...(labeled > 0 ? [{ value: TRAIN, label: t("rounds.trainFirst", { count: labeled }), disabled: form.values.extras.includes(UNSURE) }] : []),
    { value: CURRENT, label: current == null ? t(current === null ? "rounds.noModel" : "rounds.currentAny") : t("rounds.currentModel", { model: modelTitle(current) }) },
    ...attached.filter(({ model }) => model.id !== current?.id).map(({ model }) => ({ value: String(model.id), label: modelTitle(model) })),
  ];
  const submit = form.onSubmit(({ size, basis: by, seed, extras, areas, superpixels }) =>
    start.mutate({
      strategy: chosen as StrategyName,
      ...Object.fromEntries(extras.map((name) => [name, true])),
      areas: Number(areas || 0),
      superpixels: superpixels && Number(areas || 0) > 0,
      size: Number(size),
      seed: Number(seed || 0),
      ...basisOf(rankable(by, extras), current?.id),
    }),
  );
  const none = pool === 0;
  // What is said of pixels carries no confidence, so that none of it is left to people.
  const confident = campaign.task !== "segmentation" || campaign.settings.segmentation === "instance";
  return (
    <Card>
      <form onSubmit={submit}>
        <Stack>
          <div>
            <Title order={2} fz={18}>
              {t("rounds.startTitle")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("rounds.startText", { count: pool })}
            </Text>
          </div>
          <LostFile campaign={campaign} />
          <Group align="flex-end">
            <Select
              label={t("rounds.strategy")}
              w={240}
              data={(strategies.data ?? [{ name: DEFAULT_STRATEGY, title: "UHerding", default: true }]).map((one) => ({
                value: one.name,
                label: one.default ? t("rounds.recommended", { title: one.title }) : one.title,
              }))}
              data-testid="round-strategy"
              {...form.getInputProps("strategy")}
              value={chosen}
            />
            <NumberInput label={t("rounds.size")} min={1} max={Math.max(1, pool)} w={120} data-testid="round-size" {...form.getInputProps("size")} />
            <Select label={t("rounds.basis")} w={300} data={basis} data-testid="round-basis" {...form.getInputProps("basis")} value={rankable(form.values.basis, form.values.extras)} />
            <NumberInput label={t("training.seed")} min={0} w={90} {...form.getInputProps("seed")} />
            <Button type="submit" leftSection={<IconPlayerPlay size={17} />} loading={start.isPending} disabled={busy || none} data-testid="start-round">
              {t("rounds.start")}
            </Button>
          </Group>
          <Explained strategy={strategy} />
          <Group align="flex-end">
            <Switch.Group label={t("rounds.extras")} description={t("rounds.extrasText")} {...form.getInputProps("extras")}>
              <Group mt={6}>
                {EXTRAS.filter((name) => name !== UNSURE || confident).map((name) => (
                  <Switch key={name} value={name} label={t(`rounds.extra.${name}`)} data-testid={`round-${name}`} />
                ))}
              </Group>
            </Switch.Group>
            {campaign.task !== "classification" && <NumberInput label={t("rounds.areas")} description={t("rounds.areasText")} min={0} max={20} w={260} data-testid="round-areas" {...form.getInputProps("areas")} />}
            {campaign.task === "segmentation" && Number(form.values.areas || 0) > 0 && (
              <Switch mb={6} label={t("rounds.superpixels")} data-testid="round-superpixels" {...form.getInputProps("superpixels", { type: "checkbox" })} />
            )}
          </Group>
          {none && (
            <Text size="sm" c="var(--winnow-wheat-text)">
              {t("rounds.emptyPool")} <Anchor component={Link} to={`/campaigns/${campaign.id}/images`} underline="always" inherit c="inherit">{t("images.add")}</Anchor>
            </Text>
          )}
        </Stack>
      </form>
    </Card>
  );
}
