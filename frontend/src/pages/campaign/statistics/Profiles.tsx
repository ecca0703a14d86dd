import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconBookmarkPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useProfileChanges, useThresholdProfiles } from "@/api/profiles";
import { notifyDone } from "@/api/queryClient";
import type { Subject, Thresholds } from "@/api/statistics";
import { ProfileSelect } from "../models/ProfileSelect";
import { sameThresholds } from "./curves";

interface Props {
  subject: Subject;
  manager: boolean;
  thresholds: Thresholds;
  onPick: (thresholds: Thresholds) => void;
}

type Asking = "keep" | "rename";

/** Keep thresholds under a name, and take them up again: to be tried, until they are saved. */
export function Profiles({ subject: { campaign, model }, manager, thresholds, onPick }: Props) {
  const { t } = useTranslation();
  const { data: profiles = [] } = useThresholdProfiles(campaign, model);
  const { keep, change, remove } = useProfileChanges(campaign, model);
  const [picked, setPicked] = useState<number | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const chosen = profiles.find(({ id }) => id === picked);
  const holds = chosen !== undefined && sameThresholds(thresholds, { ...thresholds, ...chosen.thresholds });
  const settle = (name: string) => {
    const close = () => setAsking(null);
    if (asking === "rename" && chosen !== undefined) change.mutate({ id: chosen.id, name }, { onSuccess: close });
    else
      keep.mutate({ name, thresholds: { ...thresholds } }, {
        onSuccess: ({ id }) => {
          setPicked(id);
          close();
        },
      });
  };
  const askRemove = (id: number, name: string) =>
    modals.openConfirmModal({
      title: t("profiles.removeTitle", { name }),
      children: t("profiles.removeText"),
      labels: { confirm: t("profiles.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(id, { onSuccess: () => setPicked(null) }),
    });
  return (
    <Group align="flex-end" gap="sm">
      <ProfileSelect
        campaign={campaign} model={model} value={holds ? chosen.id : null}
        onPick={(profile) => {
          setPicked(profile.id);
          onPick({ ...thresholds, ...profile.thresholds });
        }}
      />
      {manager && chosen !== undefined && (
        <>
          {!holds && (
            <Button
              size="xs" variant="default" loading={change.isPending} data-testid="profile-replace"
              onClick={() => change.mutate({ id: chosen.id, thresholds: { ...thresholds } }, { onSuccess: () => notifyDone(t("profiles.replaced", { name: chosen.name })) })}
            >
              {t("profiles.replace", { name: chosen.name })}
            </Button>
          )}
          <Button size="xs" variant="subtle" color="gray" onClick={() => setAsking("rename")} data-testid="profile-rename">
            {t("profiles.rename")}
          </Button>
          <Button size="xs" variant="subtle" color="gray" onClick={() => askRemove(chosen.id, chosen.name)} data-testid="profile-remove">
            {t("profiles.remove")}
          </Button>
        </>
      )}
      {manager && (
        <Button size="xs" variant="default" leftSection={<IconBookmarkPlus size={15} />} onClick={() => setAsking("keep")} data-testid="profile-keep">
          {t("profiles.keep")}
        </Button>
      )}
      <Modal opened={asking !== null} onClose={() => setAsking(null)} title={t(asking === "rename" ? "profiles.renameTitle" : "profiles.keepTitle")}>
        {asking !== null && <NameForm key={asking} first={asking === "rename" ? (chosen?.name ?? "") : ""} busy={keep.isPending || change.isPending} onName={settle} />}
      </Modal>
    </Group>
  );
}

function NameForm({ first, busy, onName }: { first: string; busy: boolean; onName: (name: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(first);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onName(name.trim());
      }}
    >
      <Stack>
        <TextInput label={t("profiles.name")} description={t("profiles.nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={100} required data-autofocus data-testid="profile-name" />
        <Group justify="flex-end">
          <Button type="submit" loading={busy} data-testid="profile-submit">
            {t("profiles.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
