import { ActionIcon, Alert, Button, Card, Group, PasswordInput, Select, Stack, Table, Text, TextInput, Title, Tooltip } from "@mantine/core";
import { useForm } from "@mantine/form";
import { modals } from "@mantine/modals";
import { IconUserMinus, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useUser } from "@/api/auth";
import { useMemberChanges, useMembers } from "@/api/campaigns";
import { ApiProblem, messageOf } from "@/api/problems";
import type { Campaign, Member, Role } from "@/api/types";
import { Loaded } from "@/parts/states";
import { mayManage, mayReview } from "../roles";
import { EffortCard } from "./EffortCard";
import { ReliabilityCard } from "./ReliabilityCard";

const ROLES = ["owner", "manager", "reviewer", "annotator", "viewer"] as const satisfies readonly Role[];

function useRoleOptions(mayOwn: boolean) {
  const { t } = useTranslation();
  return ROLES.filter((role) => mayOwn || role !== "owner").map((role) => ({ value: role, label: t(`people.role.${role}`) }));
}

function AddMember({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const { add } = useMemberChanges(campaign.id);
  const [error, setError] = useState<unknown>(null);
  const roles = useRoleOptions(campaign.role === "owner");
  const form = useForm({ initialValues: { username: "", role: "annotator" as Role, password: "" } });
  const submit = form.onSubmit(({ username, role, password }) =>
    add.mutate(
      { username: username.trim(), role, ...(password === "" ? {} : { password }) },
      {
        onSuccess: () => {
          setError(null);
          form.reset();
        },
        onError: setError,
      },
    ),
  );
  return (
    <Card>
      <form onSubmit={submit}>
        <Stack>
          <div>
            <Title order={2} fz={18}>
              {t("people.add")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("people.addHint")}
            </Text>
          </div>
          {error !== null && (
            <Alert color="red" role="alert">
              {error instanceof ApiProblem && error.code === "no_such_person" ? t("people.unknown") : messageOf(error)}
            </Alert>
          )}
          <Group align="flex-end">
            <TextInput label={t("auth.username")} required w={220} autoComplete="off" data-testid="member-username" {...form.getInputProps("username")} />
            <Select label={t("people.roleLabel")} data={roles} w={160} data-testid="member-role" {...form.getInputProps("role")} />
            <PasswordInput label={t("people.password")} placeholder={t("people.passwordHint")} w={240} autoComplete="new-password" data-testid="member-password" {...form.getInputProps("password")} />
            <Button type="submit" leftSection={<IconUserPlus size={17} />} loading={add.isPending} disabled={form.values.username.trim() === ""} data-testid="add-member">
              {t("people.addButton")}
            </Button>
          </Group>
          <Text size="sm" c="dimmed">
            {t(`people.roleText.${form.values.role}`)}
          </Text>
        </Stack>
      </form>
    </Card>
  );
}

function MemberRow({ campaign, member }: { campaign: Campaign; member: Member }) {
  const { t } = useTranslation();
  const user = useUser();
  const { update, remove } = useMemberChanges(campaign.id);
  const roles = useRoleOptions(campaign.role === "owner" || member.role === "owner");
  const may = mayManage(campaign.role) && (member.role !== "owner" || campaign.role === "owner");
  const name = member.user.username;
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("people.removeTitle", { name }),
      children: <Text size="sm">{t("people.removeText")}</Text>,
      labels: { confirm: t("people.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(member.id),
    });
  return (
    <Table.Tr data-testid="member-row">
      <Table.Td>
        <Text fw={500}>
          {name}
          {member.user.id === user?.id && (
            <Text span c="dimmed" size="sm">
              {" "}
              {t("people.you")}
            </Text>
          )}
        </Text>
      </Table.Td>
      <Table.Td>
        <Select aria-label={t("people.roleOf", { name })} data={roles} value={member.role} disabled={!may || update.isPending} onChange={(role) => role !== null && update.mutate({ id: member.id, role: role as Role })} w={160} />
      </Table.Td>
      <Table.Td>
        {may && (
          <Tooltip label={t("people.remove")}>
            <ActionIcon variant="subtle" color="gray" aria-label={t("people.removeTitle", { name })} onClick={askRemove}>
              <IconUserMinus size={18} />
            </ActionIcon>
          </Tooltip>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

export function PeopleTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useMembers(campaign.id);
  return (
    <Stack maw={900}>
      {mayManage(campaign.role) && <AddMember campaign={campaign} />}
      <Loaded query={query}>
        {(members) => (
          <Card padding={0}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("people.name")}</Table.Th>
                  <Table.Th>{t("people.roleLabel")}</Table.Th>
                  <Table.Th w={60}>
                    <span className="winnow-hidden">{t("runs.actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {members.map((member) => (
                  <MemberRow key={member.id} campaign={campaign} member={member} />
                ))}
              </Table.Tbody>
            </Table>
          </Card>
        )}
      </Loaded>
      <EffortCard campaign={campaign} members={query.data ?? []} />
      {mayReview(campaign.role) && campaign.task === "classification" && <ReliabilityCard campaign={campaign} />}
    </Stack>
  );
}
