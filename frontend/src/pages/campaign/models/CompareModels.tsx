import { Button, Card, Group, MultiSelect, Select, Stack, Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Comparing, useComparison } from "@/api/comparison";
import type { Campaign, CampaignModel } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { ErrorState, LoadingRows } from "@/parts/states";
import { ComparisonResult } from "./ComparisonResult";

const MOST = 6;

/** Several models on the same images: how good each is, what it costs, and where they differ. */
export function CompareModels({ campaign, attached }: { campaign: Campaign; attached: readonly CampaignModel[] }) {
  const { t } = useTranslation();
  const able = attached.filter(({ model }) => model.kind !== "promptable");
  const [chosen, setChosen] = useState<string[]>(() => able.slice(0, 2).map(({ model }) => String(model.id)));
  const [images, setImages] = useState("all");
  const [asked, setAsked] = useState<Comparing | null>(null);
  const query = useComparison(campaign.id, asked);
  if (able.length < 2) return null;
  const data = able.map(({ model }) => ({ value: String(model.id), label: modelTitle(model) }));
  const known = chosen.filter((id) => data.some((one) => one.value === id));
  const compare = () => {
    const next: Comparing = { models: known.map(Number), images: images === "all" ? "all" : { filter: { split: "test" } } };
    if (JSON.stringify(next) === JSON.stringify(asked)) void query.refetch();
    else setAsked(next);
  };
  return (
    <Card data-testid="compare-models">
      <Stack>
        <div>
          <Text fw={600} component="h2" fz="md" m={0}>
            {t("compareModels.title")}
          </Text>
          <Text size="sm" c="dimmed">
            {t("compareModels.text")}
          </Text>
        </div>
        <Group align="flex-end">
          <MultiSelect label={t("compareModels.models")} data={data} value={known} onChange={setChosen} maxValues={MOST} miw={280} maw={560} data-testid="compare-choice" />
          <Select
            label={t("compareModels.images")}
            data={[
              { value: "all", label: t("compareModels.all") },
              { value: "test", label: t("compareModels.heldBack") },
            ]}
            value={images}
            onChange={(value) => setImages(value ?? "all")}
            allowDeselect={false}
            w={220}
          />
          <Button variant="default" leftSection={<IconScale size={16} />} disabled={known.length < 2} loading={query.isFetching} onClick={compare} data-testid="compare">
            {t("compareModels.compare")}
          </Button>
        </Group>
        {query.isFetching && query.data === undefined && <LoadingRows rows={3} />}
        {query.error !== null && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.data !== undefined && <ComparisonResult campaign={campaign} comparison={query.data} />}
      </Stack>
    </Card>
  );
}
