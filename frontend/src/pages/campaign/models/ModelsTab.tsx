import { Button, Card, Group, Select, Stack, Text } from "@mantine/core";
import { IconBox, IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaignModelChanges, useCampaignModels, useModels } from "@/api/models";
import type { Campaign, CampaignModel } from "@/api/types";
import { EmptyState, Loaded } from "@/parts/states";
import { modelTitle } from "@/parts/modelTitle";
import { mayManage, mayReview } from "../roles";
import { AttachedModel } from "./AttachedModel";
import { CompareModels } from "./CompareModels";
import { MakeEnsemble } from "./MakeEnsemble";

function AttachModel({ campaign, attached }: { campaign: Campaign; attached: readonly CampaignModel[] }) {
  const { t } = useTranslation();
  const models = useModels();
  const { attach } = useCampaignModelChanges(campaign.id);
  const [chosen, setChosen] = useState<string | null>(null);
  const free = (models.data ?? []).filter((model) => model.task === campaign.task && attached.every((one) => one.model.id !== model.id));
  return (
    <Group align="flex-end">
      {free.length > 0 && (
        <>
          <Select
            label={t("campaignModels.choose")}
            placeholder={t("campaignModels.choosePlaceholder")}
            searchable
            value={chosen}
            onChange={setChosen}
            data={free.map((model) => ({ value: String(model.id), label: modelTitle(model) }))}
            w={280}
            data-testid="attach-select"
          />
          <Button
            variant="default"
            disabled={chosen === null}
            loading={attach.isPending}
            onClick={() => attach.mutate(Number(chosen), { onSuccess: () => setChosen(null) })}
            data-testid="attach-model"
          >
            {t("campaignModels.attach")}
          </Button>
        </>
      )}
      <Button component={Link} to={`/models/new?campaign=${campaign.id}`} variant={free.length > 0 ? "subtle" : "filled"} leftSection={<IconPlus size={16} />} data-testid="register-model">
        {t("campaignModels.register")}
      </Button>
    </Group>
  );
}

export function ModelsTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useCampaignModels(campaign.id);
  const manager = mayManage(campaign.role);
  return (
    <Loaded query={query}>
      {(attached) => (
        <Stack>
          {attached.length === 0 ? (
            <EmptyState icon={<IconBox size={26} />} title={t("campaignModels.emptyTitle")} actions={manager && <AttachModel campaign={campaign} attached={attached} />}>
              {t("campaignModels.emptyText")}
            </EmptyState>
          ) : (
            <>
              {attached.map((one) => (
                <AttachedModel key={one.model.id} campaign={campaign} attached={one} />
              ))}
              {mayReview(campaign.role) && <CompareModels campaign={campaign} attached={attached} />}
              {manager && <MakeEnsemble campaign={campaign} attached={attached} />}
              {manager && (
                <Card>
                  <Text fw={600} mb="xs">
                    {t("campaignModels.another")}
                  </Text>
                  <AttachModel campaign={campaign} attached={attached} />
                </Card>
              )}
            </>
          )}
        </Stack>
      )}
    </Loaded>
  );
}
