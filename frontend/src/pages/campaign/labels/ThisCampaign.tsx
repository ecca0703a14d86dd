import { Button, Card, Group, Text, TextInput, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeleteCampaign, useUpdateCampaign } from "@/api/campaigns";
import { notifyDone } from "@/api/queryClient";
import type { Campaign } from "@/api/types";

/** Its name, and its end. */
export function ThisCampaign({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const save = useUpdateCampaign(campaign.id);
  const remove = useDeleteCampaign(campaign.id);
  const [name, setName] = useState(campaign.name);
  const ask = () =>
    modals.openConfirmModal({
      title: t("campaign.removeTitle", { name: campaign.name }),
      children: <Text size="sm">{t("campaign.removeText", { count: campaign.counts.images })}</Text>,
      labels: { confirm: t("campaign.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(undefined, { onSuccess: () => void navigate({ to: "/campaigns" }) }),
    });
  return (
    <Card>
      <Title order={2} fz={18} mb="md">
        {t("campaign.this")}
      </Title>
      <Group align="flex-end" justify="space-between">
        <Group align="flex-end">
          <TextInput label={t("newCampaign.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} w={320} />
          <Button
            variant="default"
            loading={save.isPending}
            disabled={name.trim() === "" || name.trim() === campaign.name}
            onClick={() => save.mutate({ name: name.trim() }, { onSuccess: () => notifyDone(t("campaign.renamed")) })}
          >
            {t("campaign.rename")}
          </Button>
        </Group>
        {campaign.role === "owner" && (
          <Button variant="subtle" color="red" onClick={ask} loading={remove.isPending} c="var(--winnow-red-text)">
            {t("campaign.remove")}
          </Button>
        )}
      </Group>
    </Card>
  );
}
