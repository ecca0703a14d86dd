import { Alert, Box, Button, Group, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problems";

interface EmptyProps {
  icon: ReactNode;
  title: string;
  /** 1 where the page has no other heading. */
  order?: 1 | 2;
  children?: ReactNode;
  actions?: ReactNode;
}

/** Nothing here yet: say what to do next and offer it. */
export function EmptyState({ icon, title, order = 2, children, actions }: EmptyProps) {
  return (
    <Box py={{ base: 36, sm: 60 }} px="md" style={{ border: "1.5px dashed var(--winnow-line)", borderRadius: 16 }}>
      <Stack align="center" gap="sm" ta="center">
        <ThemeIcon size={52} radius="xl" variant="light" aria-hidden="true">
          {icon}
        </ThemeIcon>
        <Title order={order} fz={20}>
          {title}
        </Title>
        {children !== undefined && (
          <Text c="dimmed" maw={520} component="div">
            {children}
          </Text>
        )}
        {actions !== undefined && (
          <Group justify="center" mt="xs">
            {actions}
          </Group>
        )}
      </Stack>
    </Box>
  );
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={20} />} title={t("states.failed")} role="alert" styles={{ message: { color: "inherit" } }}>
      <Stack gap="sm" align="flex-start">
        <span>{messageOf(error)}</span>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} onClick={onRetry}>
            {t("states.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function LoadingRows({ rows = 4, height = 52 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="status" aria-label={t("states.loading")}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Stack>
  );
}

interface Query<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows a query's data, or that it is on its way, or why it did not come. */
export function Loaded<T>({ query, loading, children }: { query: Query<T>; loading?: ReactNode; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null && query.error !== undefined) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <>{loading ?? <LoadingRows />}</>;
}
