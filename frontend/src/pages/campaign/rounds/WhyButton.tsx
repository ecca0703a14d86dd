import { Button, Group, Popover, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import { type Neighbour, useWhy } from "@/api/progress";
import { ErrorState, LoadingRows } from "@/parts/states";

function Neighbours({ neighbours }: { neighbours: readonly Neighbour[] }) {
  const { t } = useTranslation();
  if (neighbours.length === 0) return <Text size="sm">{t("rounds.noneLikeIt")}</Text>;
  return (
    <Group gap="xs" align="flex-start" data-testid="neighbours">
      {neighbours.map(({ image, labels, similarity }) => (
        <Stack key={image.id} gap={2} w={84} data-testid="neighbour">
          <img src={thumbnailUrl(image.id)} alt={image.name} width={84} height={64} style={{ objectFit: "cover", borderRadius: 6 }} />
          <Text size="xs" fw={600} truncate>
            {labels.length === 0 ? t("rounds.noLabel") : labels.join(", ")}
          </Text>
          <Text size="xs" c="dimmed" className="winnow-numbers">
            {t("rounds.likeness", { percent: Math.round(100 * similarity) })}
          </Text>
        </Stack>
      ))}
    </Group>
  );
}

/** Shows the labeled images that look most like one that is asked. */
export function WhyButton({ image }: { image: { id: number; name: string } }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const why = useWhy(image.id, opened);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" mt={4} ml={-6} onClick={() => setOpened(!opened)} aria-label={`${t("rounds.why")}: ${image.name}`} data-testid="why">
          {t("rounds.why")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw={530}>
        <Text size="sm" fw={600} mb="xs">
          {t("rounds.lookLike")}
        </Text>
        {why.error !== null ? <ErrorState error={why.error} /> : why.data === undefined ? <LoadingRows rows={1} height={90} /> : <Neighbours neighbours={why.data.neighbours} />}
      </Popover.Dropdown>
    </Popover>
  );
}
