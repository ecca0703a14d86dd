import { Button, Card, Code, Group, Text, Title } from "@mantine/core";
import { IconServerBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { EXAMPLE } from "./example";

/** The sample server that comes with Winnow, for whoever has no model at hand. */
export function ExampleHint({ onUse }: { onUse?: () => void }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Group justify="space-between">
        <Group wrap="nowrap" align="flex-start" style={{ flex: 1, minWidth: 260 }}>
          <IconServerBolt size={24} style={{ flex: "none", marginTop: 2 }} />
          <div>
            <Title order={2} fz={16}>
              {t("models.exampleTitle")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("models.exampleText")} <Code>{EXAMPLE.command}</Code> {t("models.exampleUrl")} <Code>{EXAMPLE.url}</Code>
            </Text>
          </div>
        </Group>
        {onUse !== undefined && (
          <Button variant="default" onClick={onUse} data-testid="use-example">
            {t("models.exampleUse")}
          </Button>
        )}
      </Group>
    </Card>
  );
}
