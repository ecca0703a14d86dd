import { Badge, Box, Button, Group, Progress, SimpleGrid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useRanking } from "@/api/learning";
import { thumbnailUrl } from "@/api/thumbnails";
import type { Campaign, RankedImage } from "@/api/types";
import { ErrorState, LoadingRows } from "@/parts/states";
import { barOf, figure } from "./figures";
import classes from "./Ranking.module.css";
import { WhyButton } from "./WhyButton";

/** Largest value of each part in the ranking: shares of a whole pool are tiny numbers, and say something only beside each other. */
function largest(items: readonly RankedImage[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { parts } of items) for (const [name, value] of Object.entries(parts)) if (Number.isFinite(value)) found.set(name, Math.max(found.get(name) ?? 0, value));
  return found;
}

function Parts({ parts, scale }: { parts: Record<string, number>; scale: ReadonlyMap<string, number> }) {
  const { t } = useTranslation();
  const shown = Object.entries(parts).filter(([name, value]) => Number.isFinite(value) && name !== "audit");
  if (shown.every(([, value]) => value === 0)) return null;
  return shown.slice(0, 3).map(([name, value]) => (
    <Group key={name} gap={6} wrap="nowrap">
      <Text size="xs" c="dimmed" w={84} truncate>
        {name.replaceAll("_", " ")}
      </Text>
      {value >= 0 && <Progress value={barOf(value, scale.get(name) ?? 1)} size={5} style={{ flex: 1 }} aria-label={t("rounds.partOf", { name })} />}
      <Text size="xs" className="winnow-numbers" ta="right" miw={54} style={{ whiteSpace: "nowrap" }}>
        {figure(value)}
      </Text>
    </Group>
  ));
}

function Ranked({ campaign, ranked, scale }: { campaign: Campaign; ranked: RankedImage; scale: ReadonlyMap<string, number> }) {
  const { t } = useTranslation();
  return (
    <li className={classes["item"]} data-testid="ranked-image">
      <Link to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image: ranked.image.id }} preload={false} className={classes["picture"]} aria-label={t("rounds.openRanked", { rank: ranked.rank, name: ranked.image.name })}>
        <img src={thumbnailUrl(ranked.image.id)} alt="" loading="lazy" decoding="async" />
        <span className={classes["rank"]}>{ranked.rank}</span>
      </Link>
      <Box p="xs" px="sm">
        <Group justify="space-between" wrap="nowrap" gap={6}>
          <Text size="xs" fw={600} truncate title={ranked.image.name}>
            {ranked.image.name}
          </Text>
          {ranked.state !== "unlabeled" && (
            <Badge size="xs" color="pine">
              {t(`images.state.${ranked.state}`)}
            </Badge>
          )}
        </Group>
        <Text size="xs" mt={3} mb={5}>
          {ranked.why}
        </Text>
        <Parts parts={ranked.parts} scale={scale} />
        {ranked.state === "unlabeled" && <WhyButton image={ranked.image} />}
      </Box>
    </li>
  );
}

/** The images of a round in the order in which people are asked, each with the reason. */
export function Ranking({ campaign, number }: { campaign: Campaign; number: number }) {
  const { t } = useTranslation();
  const list = useRanking(campaign.id, number);
  if (list.isPending) return <LoadingRows rows={2} height={150} />;
  if (list.error !== null && list.items.length === 0) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (list.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("rounds.noRanking")}
      </Text>
    );
  }
  const scale = largest(list.items);
  return (
    <>
      <SimpleGrid component="ul" cols={{ base: 1, xs: 2, sm: 3, lg: 4, xl: 5 }} className={classes["list"]} data-testid="ranking">
        {list.items.map((ranked) => (
          <Ranked key={ranked.image.id} campaign={campaign} ranked={ranked} scale={scale} />
        ))}
      </SimpleGrid>
      {list.hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("states.more")}
          </Button>
        </Group>
      )}
    </>
  );
}
