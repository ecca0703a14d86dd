import { Alert, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { agentCommand } from "./kinds";

/** How to start the program that fetches this model's work. Before the model is registered its number is not known. */
export function AgentCommand({ modelId }: { modelId: number | null }) {
  const { t } = useTranslation();
  const command = agentCommand(window.location.origin, modelId);
  return (
    <Alert color="gray" title={t("models.agent.title")} data-testid="agent-command">
      <Stack gap="xs">
        <Text size="sm">{t(modelId === null ? "models.agent.afterwards" : "models.agent.how")}</Text>
        <Code block>{command}</Code>
        <Group>
          <CopyButton value={command}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy} disabled={modelId === null}>
                {t(copied ? "models.agent.copied" : "models.agent.copy")}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Stack>
    </Alert>
  );
}
