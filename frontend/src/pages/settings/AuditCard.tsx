import { Button, Card, Code, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useUser } from "@/api/auth";
import { useCampaigns } from "@/api/campaigns";
import { useAudit } from "@/api/modelHealth";
import type { AuditEntry } from "@/api/types";
import { When } from "@/parts/When";
import { WideTable } from "@/parts/WideTable";

/** What an entry tells beyond its action, in words. */
function Details({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const { fields, url_before, secret, code } = entry.details;
  const said = [
    Array.isArray(fields) && fields.length > 0 ? t("audit.fields", { fields: fields.join(", ") }) : "",
    typeof url_before === "string" ? t("audit.before", { url: url_before }) : "",
    secret === "set" || secret === true ? t("audit.secretSet") : secret === "removed" ? t("audit.secretRemoved") : "",
    typeof code === "string" && code !== "" ? code : "",
  ].filter((part) => part !== "");
  return (
    <>
      {entry.url !== "" && (
        <Code style={{ overflowWrap: "anywhere" }} fz={11}>
          {entry.url}
        </Code>
      )}
      {said.length > 0 && (
        <Text size="xs" c="dimmed">
          {said.join(" · ")}
        </Text>
      )}
    </>
  );
}

/** Who did what to which model, for owners. */
export function AuditCard() {
  const { t } = useTranslation();
  const user = useUser();
  const campaigns = useCampaigns();
  const owner = user?.is_owner === true || campaigns.items.some((one) => one.role === "owner");
  const audit = useAudit(owner);
  if (!owner) return null;
  return (
    <Card data-testid="audit">
      <Title order={2} fz={18}>
        {t("audit.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t(user?.is_owner === true ? "audit.textAll" : "audit.text")}
      </Text>
      {audit.items.length === 0 ? (
        <Text size="sm">{t("audit.empty")}</Text>
      ) : (
        <WideTable minWidth={880} label={t("audit.title")}>
          <Table verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                {(["when", "who", "what", "model", "where", "from"] as const).map((name) => (
                  <Table.Th key={name}>{t(`audit.${name}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {audit.items.map((entry) => (
                <Table.Tr key={entry.id} data-testid="audit-row">
                  <Table.Td>
                    <When time={entry.created_at} />
                  </Table.Td>
                  <Table.Td>{entry.username}</Table.Td>
                  <Table.Td style={{ whiteSpace: "nowrap" }}>{t(`audit.actions.${entry.action.replace(".", "_")}`, { defaultValue: entry.action })}</Table.Td>
                  <Table.Td>{entry.model_name}</Table.Td>
                  <Table.Td miw={240} maw={320}>
                    <Details entry={entry} />
                  </Table.Td>
                  <Table.Td maw={200}>
                    <Text size="xs">{entry.address}</Text>
                    <Text size="xs" c="dimmed" lineClamp={1} title={entry.client}>
                      {entry.client}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
      {audit.hasNextPage && (
        <Button mt="sm" size="xs" variant="default" onClick={() => void audit.fetchNextPage()} loading={audit.isFetchingNextPage}>
          {t("states.more")}
        </Button>
      )}
    </Card>
  );
}
