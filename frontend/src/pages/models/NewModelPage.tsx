import { Alert, Anchor, Card, Stack, Title } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaign } from "@/api/campaigns";
import { useCampaignModelChanges, useCreateModel, useModelPermissions } from "@/api/models";
import type { ImportedCard, Task } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { LoadingRows } from "@/parts/states";
import { EXAMPLE } from "./example";
import { ExampleHint } from "./ExampleHint";
import { withCard } from "./cardImport";
import { ImportCard } from "./ImportCard";
import { ModelForm } from "./ModelForm";
import type { Start } from "./ModelForm";
import type { ModelStart } from "./probe/candidate";
import { ProbePanel } from "./probe/ProbePanel";
import { UploadOnnx } from "./UploadOnnx";

interface FormProps {
  campaign: number | null;
  task: Task;
  example: boolean;
  start: Start | undefined;
}

function Form({ campaign, task, example, start }: FormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const save = useCreateModel();
  const { attach } = useCampaignModelChanges(campaign ?? 0);
  return (
    <ModelForm
      model={null}
      task={task}
      example={example}
      start={start}
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

/** Paste an address, probe it, look over what it filled in, and register. */
function Steps({ campaign, task }: { campaign: number | null; task: Task | undefined }) {
  const { t } = useTranslation();
  const [example, setExample] = useState(false);
  const [start, setStart] = useState<ModelStart>();
  const [card, setCard] = useState<ImportedCard>();
  const begun = card === undefined ? start : withCard(start, card, task);
  return (
    <>
      <ProbePanel key={String(example)} task={task} suggested={example ? EXAMPLE.url : ""} chosen={start?.protocol ?? null} onChoose={setStart} />
      {start === undefined && (
        <>
          <ExampleHint onUse={() => setExample(true)} />
          <UploadOnnx campaign={campaign ?? undefined} />
        </>
      )}
      <Card>
        <Stack gap="sm" mb="md">
          <Title order={2} fz={18}>
            {t(start === undefined ? "models.byHand" : "models.lookOver")}
          </Title>
          <ImportCard onRead={setCard} />
        </Stack>
        <Form key={begun === undefined ? `blank ${String(example)}` : JSON.stringify(begun)} campaign={campaign} task={task ?? "classification"} example={example} start={begun} />
      </Card>
    </>
  );
}

function CampaignSteps({ campaign }: { campaign: number }) {
  const query = useCampaign(campaign);
  if (query.isPending) return <LoadingRows />;
  return <Steps campaign={query.data === undefined ? null : campaign} task={query.data?.task} />;
}

export function NewModelPage() {
  const { t } = useTranslation();
  const { campaign } = useSearch({ strict: false }) as { campaign?: number };
  const may = useModelPermissions().data;
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
        {may?.address === false ? (
          <>
            <Alert color="gray" data-testid="may-not-register">
              {may.address_refused}
            </Alert>
            {may.file && <UploadOnnx campaign={campaign} />}
          </>
        ) : campaign === undefined ? (
          <Steps campaign={null} task={undefined} />
        ) : (
          <CampaignSteps campaign={campaign} />
        )}
      </Stack>
    </>
  );
}
