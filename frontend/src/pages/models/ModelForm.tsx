import { Alert, Badge, Button, Group, JsonInput, PasswordInput, Select, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useProtocols } from "@/api/models";
import { messageOf } from "@/api/problems";
import type { ModelCard, ModelClass, ModelFields, RegisteredModel, Task } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { EXAMPLE, exampleClasses } from "./example";
import { CallSettings } from "./CallSettings";
import { CardFields } from "./CardFields";
import { ClassesEditor } from "./ClassesEditor";
import { AgentCommand } from "./AgentCommand";
import { isOnnx, isPulled, TASKS } from "./kinds";
import type { ModelStart } from "./probe/candidate";
import { ProtocolOptions } from "./ProtocolOptions";
import { StepsEditor } from "./StepsEditor";

/** What a form begins with: what a probe or a card told. */
export type Start = Partial<Omit<ModelStart, "options">> & { options?: Readonly<Record<string, unknown>>; description?: string; card?: ModelCard };

interface Values {
  name: string;
  description: string;
  version: string;
  task: Task;
  multi_label: boolean;
  protocol: string;
  url: string;
  secret: string;
  auth_header: string;
  classes: ModelClass[];
  options: string;
  card: ModelCard;
}

/** A form for a new model, blank or filled in for the sample server. */
function blank(task: Task, example: boolean, start: Start | undefined): Values {
  if (start !== undefined) {
    const { options = {}, ...told } = start;
    return { ...blank(task, false, undefined), ...told, options: optionsText(options) };
  }
  const common = { card: {}, description: "", version: "1", task, multi_label: false, protocol: EXAMPLE.protocol, secret: "", auth_header: "Authorization", options: "" };
  return example ? { ...common, name: EXAMPLE.name, url: EXAMPLE.url, classes: exampleClasses(task) } : { ...common, name: "", url: "", classes: [] };
}

function valuesOf(model: RegisteredModel): Values {
  return {
    name: model.name,
    description: model.description,
    version: model.version,
    task: model.task,
    multi_label: model.multi_label,
    protocol: model.protocol,
    url: model.url,
    secret: "",
    auth_header: model.auth_header,
    classes: model.classes,
    options: JSON.stringify(model.options, null, 2),
    card: model.card,
  };
}

/** Options as text to be edited: nothing while all of them keep their defaults. */
function optionsText(options: Readonly<Record<string, unknown>>): string {
  return Object.keys(options).length === 0 ? "" : JSON.stringify(options, null, 2);
}

/** Options as they were typed: nothing is the defaults, anything but an object is a mistake. */
export function parsedOptions(text: string): Record<string, unknown> | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

interface Props {
  model: RegisteredModel | null;
  task?: Task;
  example?: boolean;
  /** What a probe found, to begin with. */
  start?: Start | undefined;
  busy: boolean;
  error: unknown;
  submitLabel: string;
  onSubmit: (fields: ModelFields) => void;
  /** Told when something was changed that is not saved yet, and when nothing is any more. */
  onDirty?: (dirty: boolean) => void;
}

export function ModelForm({ model, task = "classification", example = false, start, busy, error, submitLabel, onSubmit, onDirty }: Props) {
  const { t } = useTranslation();
  const protocols = useProtocols();
  const external = model === null || model.kind === "external";
  const described = external || isOnnx(model);
  const form = useForm<Values>({
    initialValues: model === null ? blank(task, example, start) : valuesOf(model),
    validate: {
      name: (value) => (value.trim() === "" ? t("models.needName") : null),
      url: (value, all) => (external && !isPulled(all) && !/^https?:\/\/\S+/.test(value.trim()) ? t("models.needUrl") : null),
      options: (value) => (parsedOptions(value) === null ? t("models.badOptions") : null),
    },
  });
  const setOptions = (options: Readonly<Record<string, unknown>>) => form.setFieldValue("options", optionsText(options));
  const [broken, setBroken] = useState<readonly string[]>([]);
  const { values } = form;
  const dirty = form.isDirty();
  useEffect(() => onDirty?.(dirty), [dirty, onDirty]);
  const spoken = protocols.data?.find((protocol) => protocol.name === values.protocol);
  const offered = (protocols.data ?? []).filter((protocol) => protocol.tasks.includes(values.task));
  const submit = form.onSubmit(({ options, secret, ...fields }) => {
    if (broken.length > 0) return;
    const own = { ...fields, name: fields.name.trim(), url: isPulled(fields) ? "" : fields.url.trim() };
    onSubmit({ ...own, options: parsedOptions(options) ?? {}, ...(secret === "" ? {} : { secret }) });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        {error !== null && error !== undefined && (
          <Alert color="red" role="alert">
            {messageOf(error)}
          </Alert>
        )}
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t("models.name")} placeholder={t("models.namePlaceholder")} required maxLength={200} data-testid="model-name" {...form.getInputProps("name")} />
          {described && <TextInput label={t("models.versionLabel")} description={t(external ? "models.versionHint" : "onnx.versionHint")} inputWrapperOrder={["label", "input", "description", "error"]} data-testid="model-version" {...form.getInputProps("version")} />}
        </SimpleGrid>
        {described && (
          <>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Select label={t("models.task")} data={TASKS.map((value) => ({ value, label: t(`tasks.${value}`) }))} data-testid="model-task" {...form.getInputProps("task")} />
              {external && (
                <Select
                  label={t("models.protocol")}
                  description={spoken?.description}
                  inputWrapperOrder={["label", "input", "description", "error"]}
                  data={(offered.length > 0 ? offered : [{ name: values.protocol, title: values.protocol }]).map((protocol) => ({ value: protocol.name, label: protocol.title }))}
                  data-testid="model-protocol"
                  {...form.getInputProps("protocol")}
                  onChange={(name) => {
                    if (name === null) return;
                    form.setFieldValue("protocol", name);
                    setBroken([]);
                  }}
                />
              )}
            </SimpleGrid>
            {values.task === "classification" && <Switch label={t("models.multiLabel")} description={t("models.multiLabelHint")} {...form.getInputProps("multi_label", { type: "checkbox" })} />}
            {external && isPulled(values) && <AgentCommand modelId={model?.id ?? null} />}
            {external && !isPulled(values) && (
              <>
                <TextInput label={t("models.url")} description={t("models.urlHint")} placeholder="http://127.0.0.1:9100/predict" type="url" required data-testid="model-url" {...form.getInputProps("url")} />
                <SimpleGrid cols={{ base: 1, sm: 2 }}>
                  <PasswordInput
                    label={
                      <Group gap={6} component="span">
                        {t("models.secret")}
                        {model?.has_secret === true && (
                          <Badge size="xs" color="pine" data-testid="secret-stored">
                            {t("models.secretStored")}
                          </Badge>
                        )}
                      </Group>
                    }
                    description={t("models.secretHint")}
                    placeholder={model?.has_secret === true ? t("models.secretKeep") : ""}
                    autoComplete="off"
                    data-testid="model-secret"
                    {...form.getInputProps("secret")}
                  />
                  <TextInput label={t("models.authHeader")} description={t("models.authHeaderHint")} {...form.getInputProps("auth_header")} />
                </SimpleGrid>
              </>
            )}
            {spoken !== undefined && (
              <ProtocolOptions
                protocol={spoken}
                options={parsedOptions(values.options)}
                error={error}
                onChange={setOptions}
                onBroken={(name, is) => setBroken((names) => [...names.filter((other) => other !== name), ...(is ? [name] : [])])}
              />
            )}
            <StepsEditor
              task={values.task}
              protocol={values.protocol}
              options={parsedOptions(values.options)}
              onChange={(options) => form.setFieldValue("options", JSON.stringify(options, null, 2))}
            />
            <ClassesEditor classes={values.classes} onChange={(classes) => form.setFieldValue("classes", classes)} />
            {external && (
              <Disclosure label={t("models.call.title")} opened={model !== null}>
                <CallSettings options={parsedOptions(values.options)} onChange={setOptions} />
              </Disclosure>
            )}
            <Disclosure label={t("models.options")}>
              <JsonInput
                label={t("models.optionsJson")}
                description={t("models.optionsHint")}
                placeholder={'{"timeout_s": 60, "concurrency": 16, "threshold": 0.3}'}
                autosize
                minRows={4}
                formatOnBlur
                styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
                {...form.getInputProps("options")}
              />
            </Disclosure>
          </>
        )}
        <Textarea label={t("models.description")} autosize minRows={2} maxRows={10} data-testid="model-description" {...form.getInputProps("description")} />
        <Disclosure label={t("models.card.title")} opened={Object.keys(values.card).length > 0}>
          <CardFields card={values.card} onChange={(card) => form.setFieldValue("card", card)} />
        </Disclosure>
        <Group>
          <Button type="submit" loading={busy} data-testid="save-model">
            {submitLabel}
          </Button>
          {!dirty && model !== null && (
            <Text size="sm" c="dimmed">
              {t("models.noChanges")}
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}
