import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  subtitle?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
}

/** The page's one h1, what it is about, and its actions. */
export function PageHeader({ title, subtitle, actions, above }: Props) {
  useEffect(() => {
    document.title = `${title} · Winnow`;
  }, [title]);
  return (
    <Stack gap={4} mb="lg">
      {above}
      <Group justify="space-between" align="flex-end" gap="md">
        <div style={{ minWidth: 0 }}>
          <Title order={1} fz={{ base: 26, sm: 30 }} lh={1.15}>
            {title}
          </Title>
          {subtitle !== undefined && (
            <Text c="dimmed" size="sm" mt={4} component="div">
              {subtitle}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
    </Stack>
  );
}
