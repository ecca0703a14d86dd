import { ActionIcon, Alert, Button, Card, Code, Group, SegmentedControl, Select, Stack, Table, Text, TextInput, Title, Tooltip, useMantineColorScheme } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconKey, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCreateToken, useDeleteToken, useTokens, useUser } from "@/api/auth";
import type { ApiToken } from "@/api/types";
import { CopyText } from "@/parts/CopyText";
import { PageHeader } from "@/parts/PageHeader";
import { Loaded } from "@/parts/states";
import { When } from "@/parts/When";
import { WideTable } from "@/parts/WideTable";
import { AuditCard } from "./AuditCard";
import { LabelingCard } from "./LabelingCard";

function FreshToken({ token, onDone }: { token: string; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="pine" icon={<IconKey size={19} />} title={t("settings.tokenMade")} withCloseButton closeButtonLabel={t("states.close")} onClose={onDone} data-testid="fresh-token">
      <Text size="sm" mb="xs">
        {t("settings.tokenOnce")}
      </Text>
      <Group wrap="nowrap">
        <Code style={{ overflowWrap: "anywhere" }} data-testid="token-text">
          {token}
        </Code>
        <CopyText text={token} />
      </Group>
    </Alert>
  );
}

function NewToken() {
  const { t } = useTranslation();
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [scope, setScope] = useState("both");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), scopes: scope === "read" ? ["read"] : [] }, { onSuccess: () => setName("") });
  };
  return (
    <Stack>
      {create.data?.token !== undefined && <FreshToken token={create.data.token} onDone={() => create.reset()} />}
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput label={t("settings.tokenName")} placeholder={t("settings.tokenPlaceholder")} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={100} w={260} data-testid="token-name" />
          <Select
            label={t("settings.scope")}
            value={scope}
            onChange={(value) => setScope(value ?? "both")}
            w={190}
            data={[
              { value: "both", label: t("settings.scopes.both") },
              { value: "read", label: t("settings.scopes.read") },
            ]}
          />
          <Button type="submit" disabled={name.trim() === ""} loading={create.isPending} data-testid="create-token">
            {t("settings.createToken")}
          </Button>
        </Group>
      </form>
    </Stack>
  );
}

function TokenRow({ token }: { token: ApiToken }) {
  const { t } = useTranslation();
  const remove = useDeleteToken();
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.revokeTitle", { name: token.name }),
      children: <Text size="sm">{t("settings.revokeText")}</Text>,
      labels: { confirm: t("settings.revoke"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(token.id),
    });
  return (
    <Table.Tr data-testid="token-row">
      <Table.Td fw={500}>{token.name}</Table.Td>
      <Table.Td>{t(token.scopes.length === 1 && token.scopes[0] === "read" ? "settings.scopes.read" : "settings.scopes.both")}</Table.Td>
      <Table.Td>
        <When time={token.created_at} />
      </Table.Td>
      <Table.Td>{token.last_used_at === null ? <Text size="sm">{t("settings.neverUsed")}</Text> : <When time={token.last_used_at} />}</Table.Td>
      <Table.Td>
        <Tooltip label={t("settings.revoke")}>
          <ActionIcon variant="subtle" color="gray" aria-label={t("settings.revokeTitle", { name: token.name })} onClick={ask}>
            <IconTrash size={17} />
          </ActionIcon>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}

function Tokens() {
  const { t } = useTranslation();
  const query = useTokens();
  return (
    <Card>
      <Title order={2} fz={18}>
        {t("settings.tokens")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("settings.tokensText")} <Code>Authorization: Bearer …</Code>
      </Text>
      <NewToken />
      <Loaded query={query}>
        {(tokens) =>
          tokens.length > 0 && (
            <WideTable minWidth={560} label={t("settings.tokens")}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("settings.tokenName")}</Table.Th>
                    <Table.Th>{t("settings.scope")}</Table.Th>
                    <Table.Th>{t("settings.made")}</Table.Th>
                    <Table.Th>{t("settings.used")}</Table.Th>
                    <Table.Th w={60}>
                      <span className="winnow-hidden">{t("runs.actions")}</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {tokens.map((token) => (
                    <TokenRow key={token.id} token={token} />
                  ))}
                </Table.Tbody>
              </Table>
            </WideTable>
          )
        }
      </Loaded>
    </Card>
  );
}

export function SettingsPage() {
  const { t } = useTranslation();
  const user = useUser();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <PageHeader title={t("nav.settings")} subtitle={t(user?.is_owner === true ? "settings.signedInOwner" : "settings.signedIn", { name: user?.username ?? "" })} />
      <Stack maw={900}>
        <Card>
          <Title order={2} fz={18} mb="sm" id="appearance">
            {t("settings.appearance")}
          </Title>
          <SegmentedControl
            aria-labelledby="appearance"
            value={colorScheme}
            onChange={(value) => setColorScheme(value as "light" | "dark" | "auto")}
            data={(["auto", "light", "dark"] as const).map((value) => ({ value, label: t(`settings.scheme.${value}`) }))}
          />
        </Card>
        <LabelingCard />
        <Tokens />
        <AuditCard />
      </Stack>
    </>
  );
}
