import { Anchor, Card, Stack } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaign } from "@/api/campaigns";
import { useCampaignModelChanges, useCreateModel } from "@/api/models";
import type { Task } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { LoadingRows } from "@/parts/states";
import { ModelForm } from "./ModelForm";
import { ExampleHint } from "./ExampleHint";
import { UploadOnnx } from "./UploadOnnx";

function Form({ campaign, task, example }: { campaign: number | null; task: Task; example: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const save = useCreateModel();
  const { attach } = useCampaignModelChanges(campaign ?? 0);
  return (
    <ModelForm
      model={null}
      task={task}
      example={example}
      busy={save.isPending || attach.isPending}
      error={save.error}
      submitLabel={t(campaign === null ? "models.create" : "models.createAndAttach")}
      onSubmit={(fields) =>
        save.mutate(fields, {
          onSuccess: (model) => {
            const open = () => void navigate({ to: "/models/$modelId", params: { modelId: model.id }, search: campaign === null ? {} : { campaign } });
            if (campaign === null) open();
            else attach.mutate(model.id, { onSettled: open });
          },
        })
      }
    />
  );
}

function CampaignForm({ campaign, example }: { campaign: number; example: boolean }) {
  const query = useCampaign(campaign);
  if (query.isPending) return <LoadingRows />;
  return <Form campaign={query.data === undefined ? null : campaign} task={query.data?.task ?? "classification"} example={example} />;
}

export function NewModelPage() {
  const { t } = useTranslation();
  const { campaign } = useSearch({ strict: false }) as { campaign?: number };
  const [example, setExample] = useState(false);
  return (
    <>
      <PageHeader
        title={t("models.newTitle")}
        subtitle={t("models.newSubtitle")}
        above={
          <Anchor component={Link} to="/models" size="sm">
            {t("models.title")}
          </Anchor>
        }
      />
      <Stack maw={860}>
        <ExampleHint onUse={() => setExample(true)} />
        <UploadOnnx campaign={campaign} />
        <Card>{campaign === undefined ? <Form key={String(example)} campaign={null} task="classification" example={example} /> : <CampaignForm key={String(example)} campaign={campaign} example={example} />}</Card>
      </Stack>
    </>
  );
}
