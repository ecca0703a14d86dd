import { Anchor, Badge, Card, Code, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Campaign, Origin } from "@/api/types";

/** What a model learned from: the revisions that its training used. */
export function SnapshotCard({ campaign, origin }: { campaign: Campaign; origin: Origin }) {
  const { t } = useTranslation();
  const { snapshot, training } = origin;
  if (snapshot === null) return null;
  return (
    <Card component="section" aria-labelledby="snapshot" data-testid="snapshot">
      <Stack gap="xs">
        <Title order={2} fz={18} id="snapshot">
          {t("checkpoints.snapshot")}
        </Title>
        <Text size="sm" className="winnow-numbers">
          {t("checkpoints.snapshotIs", { count: snapshot.images })} <Code>{snapshot.digest.slice(0, 12)}</Code>
          {snapshot.gone > 0 && ` ${t("checkpoints.gone", { count: snapshot.gone })}`}
        </Text>
        {snapshot.labels.length > 0 && (
          <Group gap={6}>
            {snapshot.labels.map(({ name, images }) => (
              <Badge key={name} color="gray" tt="none" className="winnow-numbers">
                {name}: {images}
              </Badge>
            ))}
          </Group>
        )}
        {training?.campaign === campaign.id && (
          <Text size="sm">
            {t("checkpoints.training")}{" "}
            <Anchor component={Link} to={`/runs/${training.id}`} inherit underline="always">
              {training.name}
            </Anchor>
          </Text>
        )}
      </Stack>
    </Card>
  );
}
