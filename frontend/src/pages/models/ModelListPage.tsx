import { Anchor, Badge, Button, Card, Stack, Table, Text } from "@mantine/core";
import { IconBox, IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useModelPermissions, useModels } from "@/api/models";
import { useModelsHealth } from "@/api/modelHealth";
import type { ModelHealth, RegisteredModel } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { EmptyState, Loaded } from "@/parts/states";
import { When } from "@/parts/When";
import { WideTable } from "@/parts/WideTable";
import { AddPromptable } from "./AddPromptable";
import { ExampleHint } from "./ExampleHint";
import { shownMs, shownShare } from "./health/health";
import { HealthBadge } from "./health/HealthBadge";
import { Sparkline } from "./health/Sparkline";
import { kindOf } from "./kinds";
import { UploadOnnx } from "./UploadOnnx";

function LastError({ health }: { health: ModelHealth | undefined }) {
  const { t } = useTranslation();
  if (health === undefined || health.calls.last_error_code === "") return null;
  return (
    <Text size="xs" c="dimmed" title={health.calls.last_error}>
      {t("health.lastError")} {health.calls.last_error_code}
    </Text>
  );
}

function Speed({ health }: { health: ModelHealth | undefined }) {
  const { t } = useTranslation();
  if (health === undefined || health.calls.calls === 0) return <Text size="sm">–</Text>;
  const { calls } = health;
  return (
    <>
      <Sparkline values={calls.trend.map((point) => point.p50_ms)} label={t("health.trend", { ms: shownMs(calls.p50_ms) })} />
      <Text size="xs" c="dimmed" className="winnow-numbers" style={{ whiteSpace: "nowrap" }}>
        {t("health.brief", { p50: shownMs(calls.p50_ms), p95: shownMs(calls.p95_ms), errors: shownShare(calls.error_rate) })}
      </Text>
    </>
  );
}

function ModelTable({ models }: { models: readonly RegisteredModel[] }) {
  const { t } = useTranslation();
  const { data: health } = useModelsHealth();
  return (
    <Card padding={0}>
      <WideTable minWidth={960} label={t("models.title")}>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("models.name")}</Table.Th>
              <Table.Th>{t("models.task")}</Table.Th>
              <Table.Th>{t("models.where")}</Table.Th>
              <Table.Th>{t("health.title")}</Table.Th>
              <Table.Th>{t("health.speed")}</Table.Th>
              <Table.Th>{t("models.classes")}</Table.Th>
              <Table.Th>{t("settings.made")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {models.map((model) => (
              <Table.Tr key={model.id} data-testid="model-row">
                <Table.Td>
                  <Anchor component={Link} to={`/models/${model.id}`} fw={600} size="sm" className="winnow-long">
                    {model.name}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {t("models.version", { version: model.version })}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{t(`tasks.${model.task}`)}</Text>
                </Table.Td>
                <Table.Td>
                  <Badge color={model.kind === "internal" ? "pine" : "gray"}>{t(`models.kind.${kindOf(model)}`)}</Badge>
                  {model.url !== "" && (
                    <Text size="xs" c="dimmed" maw={190} truncate title={model.url}>
                      {model.url}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <HealthBadge health={health?.get(model.id)} />
                  <LastError health={health?.get(model.id)} />
                </Table.Td>
                <Table.Td>
                  <Speed health={health?.get(model.id)} />
                </Table.Td>
                <Table.Td>
                  <Text size="sm" maw={150} lineClamp={2}>
                    {model.classes.length === 0 ? "–" : model.classes.map((one) => one.name).join(", ")}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <When time={model.created_at} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  );
}

export function ModelListPage() {
  const { t } = useTranslation();
  const query = useModels();
  const may = useModelPermissions().data;
  const create = may?.address === true && (
    <Button component={Link} to="/models/new" leftSection={<IconPlus size={17} />} data-testid="new-model">
      {t("models.new")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("models.title")} subtitle={t("models.subtitle")} actions={(query.data?.length ?? 0) > 0 && create} />
      <Loaded query={query}>
        {(models) => (
          <Stack>
            {models.length === 0 ? (
              <EmptyState icon={<IconBox size={26} />} title={t(may?.address === false ? "models.emptyForYou" : "models.emptyTitle")} actions={create}>
                {may?.address === false ? may.address_refused : t("models.emptyText")}
              </EmptyState>
            ) : (
              <>
                {may?.address === false && (
                  <Text size="sm" c="dimmed" data-testid="may-not-register">
                    {may.address_refused}
                  </Text>
                )}
                <ModelTable models={models} />
              </>
            )}
            {may?.file === true && <UploadOnnx />}
            {may?.file === true && models.every((model) => model.kind !== "promptable") && <AddPromptable />}
            {may?.address === true && <ExampleHint />}
          </Stack>
        )}
      </Loaded>
    </>
  );
}
