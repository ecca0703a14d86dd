import { Alert, Anchor, Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeleteModel, useModel, useUpdateModel } from "@/api/models";
import { notifyDone } from "@/api/queryClient";
import type { ModelFields, RegisteredModel } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { Loaded } from "@/parts/states";
import { HealthCard } from "./health/HealthCard";
import { changedFields } from "./changes";
import { isOnnx, kindOf } from "./kinds";
import { ModelCard } from "./ModelCard";
import { ModelForm } from "./ModelForm";
import { TestConnection } from "./TestConnection";

/** What a saved model comes back with; the form and the test start again from it. */
function fingerprint(model: RegisteredModel): string {
  const { id, name, description, version, task, multi_label, protocol, url, auth_header, has_secret, classes, options, card } = model;
  return JSON.stringify([id, name, description, version, task, multi_label, protocol, url, auth_header, has_secret, classes, options, card]);
}

/** What the server lets a person change of a model: all of one at an address, little of one that was trained here. */
function changeable(model: RegisteredModel, fields: ModelFields): Partial<ModelFields> {
  if (model.kind === "external") return fields;
  const { name, description, version, task, multi_label, classes, options, card } = fields;
  return isOnnx(model) ? { name, version, task, ...given({ description, multi_label, classes, options, card }) } : { name, ...given({ description, card }) };
}

/** Without what is not set. */
function given<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

/** The model's form. What a colleague saves meanwhile does not take away what is typed here, nor the other way round. */
function Edit({ model, unsaved, onDirty }: { model: RegisteredModel; unsaved: boolean; onDirty: (dirty: boolean) => void }) {
  const { t } = useTranslation();
  const save = useUpdateModel(model.id);
  const [begun, setBegun] = useState(model);
  const stale = fingerprint(begun) !== fingerprint(model);
  if (stale && !unsaved) setBegun(model);
  const saved = () => {
    onDirty(false);
    notifyDone(t("models.saved"));
  };
  return (
    <Card>
      <Title order={2} fz={18} mb="md">
        {t("models.edit")}
      </Title>
      {stale && unsaved && (
        <Alert color="gray" mb="md" role="status" data-testid="changed-meanwhile">
          {t("models.changedMeanwhile")}
        </Alert>
      )}
      <ModelForm
        key={fingerprint(begun)}
        onDirty={onDirty}
        model={begun}
        busy={save.isPending}
        error={save.error}
        submitLabel={t("states.save")}
        onSubmit={(fields) => save.mutate(changedFields(begun, changeable(begun, fields)), { onSuccess: saved })}
      />
    </Card>
  );
}

export function ModelPage() {
  const { t } = useTranslation();
  const { modelId } = useParams({ strict: false }) as { modelId: number };
  const { campaign } = useSearch({ strict: false }) as { campaign?: number };
  const query = useModel(modelId);
  const remove = useDeleteModel();
  const navigate = useNavigate();
  const [unsaved, setUnsaved] = useState(false);
  const ask = (model: RegisteredModel) =>
    modals.openConfirmModal({
      title: t("models.deleteTitle", { name: model.name }),
      children: <Text size="sm">{t("models.deleteText")}</Text>,
      labels: { confirm: t("models.delete"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(model.id, { onSuccess: () => void navigate({ to: "/models" }) }),
    });
  return (
    <Loaded query={query}>
      {(model) => (
        <>
          <PageHeader
            title={model.name}
            above={
              <Anchor component={Link} to="/models" size="sm">
                {t("models.title")}
              </Anchor>
            }
            subtitle={
              <Group gap="xs">
                <Badge color="gray">{t(`tasks.${model.task}`)}</Badge>
                <Badge color={model.kind === "internal" ? "pine" : "gray"}>{t(`models.kind.${kindOf(model)}`)}</Badge>
                <span>{t("models.version", { version: model.version })}</span>
              </Group>
            }
            actions={
              <>
                {model.may_change && (
                  <Button variant="subtle" color="gray" onClick={() => ask(model)} loading={remove.isPending}>
                    {t("models.delete")}
                  </Button>
                )}
                {campaign !== undefined && (
                  <Button component={Link} to={`/campaigns/${campaign}/models`} data-testid="back-to-campaign">
                    {t("models.toMapping")}
                  </Button>
                )}
              </>
            }
          />
          <Stack maw={1000}>
            <ModelCard model={model} />
            {model.kind === "promptable" ? (
              <Card>
                <Text size="sm">{t("promptable.how")}</Text>
              </Card>
            ) : model.kind === "ensemble" || !model.may_use ? null : (
              <TestConnection key={`test ${fingerprint(model)}`} model={model} campaign={campaign} unsaved={unsaved} />
            )}
            <HealthCard model={model} />
            {model.may_change && <Edit model={model} unsaved={unsaved} onDirty={setUnsaved} />}
          </Stack>
        </>
      )}
    </Loaded>
  );
}
