import { Button, Card, Group, MultiSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMakeEnsemble, type Vote } from "@/api/ensembles";
import { notifyDone } from "@/api/queryClient";
import type { Campaign, CampaignModel } from "@/api/types";
import { modelTitle } from "@/parts/modelTitle";
import { ErrorState } from "@/parts/states";
import { Weights } from "./Weights";

const MOST = 8;

/** Models of the campaign that answer together, as a model of its own. */
export function MakeEnsemble({ campaign, attached }: { campaign: Campaign; attached: readonly CampaignModel[] }) {
  const { t } = useTranslation();
  const able = attached.filter(({ model }) => model.kind !== "promptable" && model.kind !== "ensemble");
  const [votes, setVotes] = useState<Vote[]>([]);
  const [name, setName] = useState("");
  const make = useMakeEnsemble(campaign.id);
  if (able.length < 2) return null;
  const known = votes.filter(({ model }) => able.some((one) => one.model.id === model));
  const titles = new Map(able.map(({ model }) => [model.id, modelTitle(model)]));
  const choose = (chosen: string[]) => setVotes(chosen.map((id) => known.find(({ model }) => model === Number(id)) ?? { model: Number(id), weight: 1 }));
  const create = () =>
    make.mutate(
      { name: name.trim() || t("ensemble.defaultName"), members: known },
      {
        onSuccess: () => {
          setVotes([]);
          setName("");
          notifyDone(t("ensemble.made"));
        },
      },
    );
  return (
    <Card data-testid="make-ensemble">
      <Stack>
        <div>
          <Text fw={600} component="h2" fz="md" m={0}>
            {t("ensemble.title")}
          </Text>
          <Text size="sm" c="dimmed">
            {t(`ensemble.how.${campaign.task === "classification" ? "classes" : "objects"}`)}
          </Text>
        </div>
        <Group align="flex-end">
          <MultiSelect
            label={t("ensemble.members")} maxValues={MOST} miw={280} maw={560} data-testid="ensemble-members"
            data={able.map(({ model }) => ({ value: String(model.id), label: modelTitle(model) }))} value={known.map(({ model }) => String(model))} onChange={choose}
          />
          <TextInput label={t("ensemble.name")} placeholder={t("ensemble.defaultName")} value={name} maxLength={200} onChange={(event) => setName(event.currentTarget.value)} w={220} />
          <Button variant="default" leftSection={<IconUsersGroup size={16} />} disabled={known.length < 2} loading={make.isPending} onClick={create} data-testid="create-ensemble">
            {t("ensemble.create")}
          </Button>
        </Group>
        {known.length > 0 && <Weights votes={known} nameOf={(id) => titles.get(id) ?? ""} onChange={setVotes} />}
        {make.error !== null && <ErrorState error={make.error} />}
      </Stack>
    </Card>
  );
}
