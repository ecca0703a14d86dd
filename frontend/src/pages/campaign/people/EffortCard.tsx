import { Button, Card, Group, NativeSelect, Table, Text, TextInput, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { effortTable, useEffort, type EffortQuestion, type EffortRow } from "@/api/effort";
import type { Campaign, Member } from "@/api/types";
import { Loaded } from "@/parts/states";
import { WideTable } from "@/parts/WideTable";

const EVERYBODY: EffortQuestion = { user: null, from: "", to: "" };

/** What labeling cost: seconds and actions an object, by person, shape and origin. */
export function EffortCard({ campaign, members }: { campaign: Campaign; members: readonly Member[] }) {
  const { t } = useTranslation();
  const [question, setQuestion] = useState(EVERYBODY);
  const query = useEffort(campaign.id, question);
  const seesAll = campaign.role === "owner" || campaign.role === "manager" || campaign.role === "reviewer";
  return (
    <Card>
      <Title order={2} fz={18}>
        {t("effort.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("effort.hint")}
      </Text>
      <Group align="flex-end" mb="md">
        {seesAll && (
          <NativeSelect
            label={t("effort.person")}
            data-testid="effort-person"
            value={question.user ?? ""}
            onChange={(event) => setQuestion({ ...question, user: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}
            data={[{ value: "", label: t("effort.everybody") }, ...members.map(({ user }) => ({ value: String(user.id), label: user.username }))]}
          />
        )}
        <TextInput type="date" label={t("effort.from")} value={question.from} onChange={(event) => setQuestion({ ...question, from: event.currentTarget.value })} />
        <TextInput type="date" label={t("effort.to")} value={question.to} onChange={(event) => setQuestion({ ...question, to: event.currentTarget.value })} />
        <Button component="a" href={effortTable(campaign.id, question)} download variant="default" leftSection={<IconDownload size={17} />} data-testid="effort-csv">
          {t("effort.csv")}
        </Button>
      </Group>
      <Loaded query={query}>{(rows) => (rows.length === 0 ? <Text size="sm">{t("effort.nothing")}</Text> : <Rows rows={rows} />)}</Loaded>
    </Card>
  );
}

function Rows({ rows }: { rows: readonly EffortRow[] }) {
  const { t } = useTranslation();
  const numbers = { textAlign: "right", fontVariantNumeric: "tabular-nums" } as const;
  return (
    <WideTable minWidth={640} label={t("effort.title")}>
      <Table data-testid="effort-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("effort.person")}</Table.Th>
            <Table.Th>{t("effort.shape")}</Table.Th>
            <Table.Th>{t("effort.origin")}</Table.Th>
            <Table.Th style={numbers}>{t("effort.objects")}</Table.Th>
            <Table.Th style={numbers}>{t("effort.seconds")}</Table.Th>
            <Table.Th style={numbers}>{t("effort.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.user.id} ${row.shape} ${row.origin}`} data-testid="effort-row">
              <Table.Td fw={500}>{row.user.username}</Table.Td>
              <Table.Td>{row.shape}</Table.Td>
              <Table.Td>{t(`effort.from_${row.origin}`)}</Table.Td>
              <Table.Td style={numbers}>{row.objects}</Table.Td>
              <Table.Td style={numbers}>{t("effort.number", { value: row.s_per_object })}</Table.Td>
              <Table.Td style={numbers}>{t("effort.number", { value: row.actions_per_object })}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
