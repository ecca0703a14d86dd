import { Card, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCurrentModel } from "@/api/learning";
import type { Campaign, CurrentModel } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { When } from "@/parts/When";
import { WideTable } from "@/parts/WideTable";

type Change = CurrentModel["changes"][number];

function Row({ change }: { change: Change }) {
  const { t } = useTranslation();
  const title = (model: Change["before"]) => (model === null ? "–" : modelTitle(model));
  const by = change.by?.username ?? t("checkpoints.nobody");
  return (
    <Table.Tr data-testid="promotion">
      <Table.Td>
        <When time={change.at} />
      </Table.Td>
      <Table.Td>{change.by_training ? t("checkpoints.byTraining", { by }) : by}</Table.Td>
      <Table.Td>{t(change.rolled_back ? "checkpoints.rolledBack" : "checkpoints.promoted")}</Table.Td>
      <Table.Td>{title(change.before)}</Table.Td>
      <Table.Td>{title(change.after)}</Table.Td>
    </Table.Tr>
  );
}

/** When which model became the current one, by whom, and in whose place. */
export function PromotionHistory({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { data } = useCurrentModel(campaign.id);
  if (data === undefined) return null;
  return (
    <Card component="section" aria-labelledby="promotions">
      <Title order={2} fz={18} mb="xs" id="promotions">
        {t("checkpoints.history")}
      </Title>
      {data.changes.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("checkpoints.noHistory")}
        </Text>
      ) : (
        <WideTable minWidth={560} label={t("checkpoints.history")}>
          <Table verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                {(["when", "who", "what", "from", "to"] as const).map((name) => (
                  <Table.Th key={name}>{t(`checkpoints.${name}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.changes.map((change) => (
                <Row key={`${change.at} ${change.after?.id ?? 0} ${change.rolled_back}`} change={change} />
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </Card>
  );
}
