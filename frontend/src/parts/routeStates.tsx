import { Button, Container } from "@mantine/core";
import { IconCompass } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState, ErrorState } from "./states";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Container py="xl" component="main">
      <EmptyState
        icon={<IconCompass size={26} />}
        order={1}
        title={t("states.notFound")}
        actions={
          <Button component={Link} to="/campaigns">
            {t("states.toCampaigns")}
          </Button>
        }
      >
        {t("states.notFoundHint")}
      </EmptyState>
    </Container>
  );
}

export function RouteError({ error }: { error: unknown }) {
  return (
    <Container py="xl" component="main">
      <ErrorState error={error} onRetry={() => window.location.reload()} />
    </Container>
  );
}
