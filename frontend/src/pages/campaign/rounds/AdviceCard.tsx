import { Badge, Card, Group, List, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Advice, useLearningCurve } from "@/api/progress";
import type { Campaign } from "@/api/types";
import { Loaded } from "@/parts/states";

const COLORS: Record<Advice["verdict"], string> = { unknown: "gray", go_on: "blue", nearly_done: "wheat", stop: "pine" };

/** Whether to go on labeling: one sentence, its reasons, and what images drawn at random say of the model. */
export function AdviceCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useLearningCurve(campaign.id);
  return (
    <Card data-testid="advice">
      <Title order={2} fz={18} mb="sm">
        {t("rounds.advice.title")}
      </Title>
      <Loaded query={query}>
        {({ advice, audit_sentence: audit }) => (
          <>
            <Group gap="sm" mb="xs" wrap="nowrap" align="flex-start">
              <Badge color={COLORS[advice.verdict]} data-testid="verdict" data-verdict={advice.verdict} style={{ flex: "none" }} mt={2}>
                {t(`rounds.advice.${advice.verdict}`)}
              </Badge>
              <Text fw={600}>{advice.sentence}</Text>
            </Group>
            <List size="sm" spacing={4}>
              {[...advice.reasons, audit].map((reason) => (
                <List.Item key={reason}>{reason}</List.Item>
              ))}
            </List>
          </>
        )}
      </Loaded>
    </Card>
  );
}
