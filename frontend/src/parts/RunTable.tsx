import { Anchor, Box, Group, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/runs";
import type { Run } from "@/api/types";
import { RunActions, RunBar, RunFigures, RunStateBadge, useRunTitle } from "./RunCard";
import { When } from "./When";
import { WideTable } from "./WideTable";

/** Runs of every kind in one list, each with its own progress and its own stop. */
export function RunTable({ runs, campaigns }: { runs: readonly Run[]; campaigns?: ReadonlyMap<number, string> }) {
  const { t } = useTranslation();
  const titleOf = useRunTitle();
  return (
    <WideTable minWidth={720} label={t("runs.title")}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("runs.run")}</Table.Th>
            {campaigns !== undefined && <Table.Th>{t("runs.campaign")}</Table.Th>}
            <Table.Th>{t("runs.stateColumn")}</Table.Th>
            <Table.Th w="34%">{t("runs.progress")}</Table.Th>
            <Table.Th>{t("runs.started")}</Table.Th>
            <Table.Th>
              <span className="winnow-hidden">{t("runs.actions")}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id} data-testid="run-row" data-state={run.state}>
              <Table.Td>
                <Anchor component={Link} to={`/runs/${run.id}`} fw={600} size="sm">
                  {titleOf(run)}
                </Anchor>
              </Table.Td>
              {campaigns !== undefined && (
                <Table.Td>
                  {run.campaign !== null && (
                    <Anchor component={Link} to={`/campaigns/${run.campaign}`} size="sm">
                      {campaigns.get(run.campaign) ?? `#${run.campaign}`}
                    </Anchor>
                  )}
                </Table.Td>
              )}
              <Table.Td>
                <RunStateBadge run={run} />
              </Table.Td>
              <Table.Td>
                {!isFinished(run) && (
                  <Box mb={5}>
                    <RunBar run={run} />
                  </Box>
                )}
                <RunFigures run={run} />
                {run.error !== "" && (
                  <Text size="xs" c="var(--winnow-red-text)" lineClamp={2}>
                    {run.error}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <When time={run.created_at} />
              </Table.Td>
              <Table.Td>
                <Group justify="flex-end">
                  <RunActions run={run} />
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
