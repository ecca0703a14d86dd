import { Button, Group, Menu, Stack, Switch, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconBookmark, IconDeviceFloppy, IconLock, IconPencil, IconTrash, IconUsers } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useUser } from "@/api/auth";
import { useViewChanges, useViews, type Ordering, type View } from "@/api/gallery";
import type { Campaign } from "@/api/types";
import { mayManage } from "../../roles";
import { orderingOf } from "./address";
import { type Filter, fromBody, isEmpty, toBody } from "./model";

interface FormProps {
  name: string;
  shared: boolean;
  /** Only managers show a view to everybody. */
  mayShare: boolean;
  submit: string;
  onSubmit: (name: string, shared: boolean) => void;
}

function ViewForm({ name: before, shared: sharedBefore, mayShare, submit, onSubmit }: FormProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(before);
  const [shared, setShared] = useState(sharedBefore);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === "") return;
    onSubmit(name.trim(), shared);
    modals.closeAll();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput label={t("views.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={100} data-autofocus data-testid="view-name" />
        {mayShare && <Switch label={t("views.shared")} description={t("views.sharedHint")} checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} data-testid="view-shared" />}
        <Group justify="flex-end">
          <Button type="submit" disabled={name.trim() === ""} data-testid="view-save">
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface Props {
  campaign: Campaign;
  filter: Filter;
  ordering: Ordering;
  onOpen: (filter: Filter, ordering: Ordering) => void;
}

/** Filters with a name: kept for oneself or for everybody here. */
export function ViewsMenu({ campaign, filter, ordering, onOpen }: Props) {
  const { t } = useTranslation();
  const user = useUser();
  const views = useViews(campaign.id);
  const { create, update, remove } = useViewChanges(campaign.id);
  const list = views.data ?? [];
  const isMine = (view: View): boolean => view.author.id === user?.id || mayManage(campaign.role);
  const askName = () =>
    modals.open({
      title: t("views.saveTitle"),
      children: <ViewForm name="" shared={false} mayShare={mayManage(campaign.role)} submit={t("views.save")} onSubmit={(name, shared) => create.mutate({ name, shared, filter: toBody(filter), ordering })} />,
    });
  const askChange = (view: View) =>
    modals.open({
      title: t("views.renameTitle"),
      children: <ViewForm name={view.name} shared={view.shared} mayShare={mayManage(campaign.role)} submit={t("states.save")} onSubmit={(name, shared) => update.mutate({ id: view.id, name, shared })} />,
    });
  const askRemove = (view: View) =>
    modals.openConfirmModal({
      title: t("views.removeTitle", { name: view.name }),
      children: <Text size="sm">{t("views.removeText")}</Text>,
      labels: { confirm: t("views.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(view.id),
    });
  return (
    <Menu position="bottom-start" width={300}>
      <Menu.Target>
        <Button variant="default" size="xs" leftSection={<IconBookmark size={15} />} data-testid="views">
          {t("views.title")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {list.length === 0 && <Menu.Label>{t("views.none")}</Menu.Label>}
        {list.map((view) => (
          <Group key={view.id} gap={0} wrap="nowrap" data-testid="view">
            <Menu.Item
              leftSection={view.shared ? <IconUsers size={15} aria-label={t("views.isShared")} /> : <IconLock size={15} aria-label={t("views.isPrivate")} />}
              onClick={() => onOpen(fromBody(view.filter), orderingOf(view.ordering))}
            >
              {view.name}
            </Menu.Item>
            {isMine(view) && (
              <>
                <Menu.Item w={30} p={6} c="var(--mantine-color-dimmed)" aria-label={t("views.rename", { name: view.name })} onClick={() => askChange(view)}>
                  <IconPencil size={15} />
                </Menu.Item>
                <Menu.Item w={30} p={6} c="var(--mantine-color-dimmed)" aria-label={t("views.removeNamed", { name: view.name })} onClick={() => askRemove(view)}>
                  <IconTrash size={15} />
                </Menu.Item>
              </>
            )}
          </Group>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconDeviceFloppy size={15} />} disabled={isEmpty(filter)} onClick={askName} data-testid="save-view">
          {t("views.saveThis")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
