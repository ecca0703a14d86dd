import { Button, Card, Group, NumberInput, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useUpdateCampaign } from "@/api/campaigns";
import { notifyDone } from "@/api/queryClient";
import type { Campaign } from "@/api/types";

/** How many labels an image takes, where it may have several. */
export function LabelsAnImage({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const save = useUpdateCampaign(campaign.id);
  const { min_labels: savedLeast = 0, max_labels: savedMost = null } = campaign.settings;
  const [least, setLeast] = useState<number | string>(savedLeast === 0 ? "" : savedLeast);
  const [most, setMost] = useState<number | string>(savedMost ?? "");
  const next = { min_labels: Number(least), max_labels: most === "" ? null : Number(most) };
  const contradicts = next.max_labels !== null && next.max_labels < Math.max(1, next.min_labels);
  const changed = next.min_labels !== savedLeast || next.max_labels !== savedMost;
  return (
    <Card data-testid="labels-an-image">
      <Title order={2} fz={18}>
        {t("labels.anImage")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("labels.anImageHint")}
      </Text>
      <Group align="flex-start">
        <NumberInput label={t("labels.least")} w={130} min={0} max={1000} allowDecimal={false} value={least} onChange={setLeast} placeholder="0" data-testid="least-labels" />
        <NumberInput label={t("labels.most")} w={130} min={1} max={1000} allowDecimal={false} value={most} onChange={setMost} placeholder={t("labels.anyNumber")} error={contradicts ? t("labels.contradicts") : undefined} data-testid="most-labels" />
        <Button mt={25} variant="default" disabled={!changed || contradicts} loading={save.isPending} onClick={() => save.mutate({ settings: next }, { onSuccess: () => notifyDone(t("labels.rulesSaved")) })} data-testid="save-label-rules">
          {t("states.save")}
        </Button>
      </Group>
    </Card>
  );
}
