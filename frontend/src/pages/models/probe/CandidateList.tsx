import { Badge, Button, Group, Radio, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Candidate } from "@/api/types";
import { sureness } from "./candidate";

const COLORS = { sure: "pine", likely: "wheat", perhaps: "gray" } as const;
const NAMED = 8;

interface Props {
  candidates: readonly Candidate[];
  chosen: string | null;
  onChoose: (candidate: Candidate) => void;
  /** Ask another address: that of one model of a server that has several. */
  onAsk: (url: string) => void;
}

/** What may answer at the address, the surest first, and why it is thought so. */
export function CandidateList({ candidates, chosen, onChoose, onAsk }: Props) {
  const { t } = useTranslation();
  const choices = candidates.find((one) => one.protocol === chosen)?.choices ?? [];
  return (
    <Stack gap="sm">
      <Radio.Group
        label={t("probe.found", { count: candidates.length })}
        description={t("probe.foundHint")}
        value={chosen}
        onChange={(name) => {
          const one = candidates.find((candidate) => candidate.protocol === name);
          if (one !== undefined) onChoose(one);
        }}
      >
        <Stack gap="xs" mt="xs">
          {candidates.map((one) => {
            const word = sureness(one.confidence);
            const names = one.classes.slice(0, NAMED).map(({ name }) => name);
            return (
              <Radio.Card key={one.protocol} value={one.protocol} p="sm" radius="md" data-testid={`candidate-${one.protocol}`}>
                <Group wrap="nowrap" align="flex-start">
                  <Radio.Indicator mt={2} />
                  <div style={{ minWidth: 0, flex: 1 }}>
                    <Group gap="xs">
                      <Text fw={600}>{one.title}</Text>
                      <Badge color={COLORS[word]}>{t(`probe.sureness.${word}`)}</Badge>
                      {one.task !== "" && <Badge color="gray">{t(`tasks.${one.task}`, { defaultValue: one.task })}</Badge>}
                    </Group>
                    <Text size="sm" c="dimmed">
                      {one.evidence.join(" ")}
                    </Text>
                    {names.length > 0 && (
                      <Text size="sm">
                        {t("models.classes")}: {names.join(", ")}
                        {one.classes.length > NAMED && ` ${t("probe.more", { count: one.classes.length - NAMED })}`}
                      </Text>
                    )}
                  </div>
                </Group>
              </Radio.Card>
            );
          })}
        </Stack>
      </Radio.Group>
      {choices.length > 0 && (
        <Group gap="xs" role="group" aria-label={t("probe.choices")}>
          <Text size="sm">{t("probe.choices")}</Text>
          {choices.map((url) => (
            <Button key={url} size="xs" variant="default" onClick={() => onAsk(url)} data-testid="probe-choice">
              {decodeURIComponent(url.split("/").at(-1) ?? url)}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}
