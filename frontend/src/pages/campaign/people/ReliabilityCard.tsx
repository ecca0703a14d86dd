import { Card, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useReliability } from "@/api/likeness";
import type { Campaign } from "@/api/types";
import { Loaded } from "@/parts/states";
import { WideTable } from "@/parts/WideTable";

/** How reliable people are, where several labeled the same images; nobody is judged by images that they alone labeled. */
export function ReliabilityCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useReliability(campaign.id);
  const numbers = { textAlign: "right", fontVariantNumeric: "tabular-nums" } as const;
  return (
    <Card data-testid="reliability">
      <Title order={2} fz={18}>
        {t("reliability.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("reliability.hint")}
      </Text>
      <Loaded query={query}>
        {({ shared, people }) =>
          people.length === 0 ? (
            <Text size="sm">{t("reliability.nothing")}</Text>
          ) : (
            <>
              <Text size="sm" mb="xs">
                {t("reliability.shared", { count: shared })}
              </Text>
              <WideTable minWidth={480} label={t("reliability.title")}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("effort.person")}</Table.Th>
                      <Table.Th style={numbers}>{t("reliability.images")}</Table.Th>
                      <Table.Th style={numbers}>{t("reliability.quality")}</Table.Th>
                      <Table.Th style={numbers}>{t("reliability.agreement")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {people.map((row) => (
                      <Table.Tr key={row.user.id} data-testid="reliability-row">
                        <Table.Td fw={500}>{row.user.username}</Table.Td>
                        <Table.Td style={numbers}>{row.images}</Table.Td>
                        <Table.Td style={numbers}>{Math.round(row.quality * 100)} %</Table.Td>
                        <Table.Td style={numbers}>{Math.round(row.agreement * 100)} %</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </WideTable>
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
