import { Alert, Anchor, Button, Card, Group, NumberInput, Radio, SegmentedControl, SimpleGrid, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPhoto, IconPolygon, IconTag, IconVectorTriangle } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCreateCampaign } from "@/api/campaigns";
import { messageOf } from "@/api/problems";
import type { NewLabel, Task } from "@/api/types";
import { readSkeleton } from "@/core/skeleton";
import { labelProblems, nextLabel, withNames } from "@/parts/labelDrafts";
import { LabelFields } from "@/parts/LabelFields";
import { asDocument } from "@/parts/skeleton/drafts";
import { SkeletonButton } from "@/parts/skeleton/SkeletonButton";
import { PageHeader } from "@/parts/PageHeader";
import classes from "./NewCampaignPage.module.css";

const TASKS: { task: Task; icon: typeof IconTag }[] = [
  { task: "classification", icon: IconTag },
  { task: "detection", icon: IconPhoto },
  { task: "segmentation", icon: IconPolygon },
  { task: "keypoints", icon: IconVectorTriangle },
];

function TaskCards({ value, onChange }: { value: Task; onChange: (task: Task) => void }) {
  const { t } = useTranslation();
  return (
    <Radio.Group label={t("newCampaign.task")} description={t("newCampaign.taskHint")} value={value} onChange={(task) => onChange(task as Task)}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs">
        {TASKS.map(({ task, icon: Icon }) => (
          <Radio.Card key={task} value={task} className={classes["task"]} data-testid={`task-${task}`}>
            <Group wrap="nowrap" align="flex-start">
              <Icon size={22} className={classes["icon"]} />
              <div>
                <Text fw={600}>{t(`tasks.${task}`)}</Text>
                <Text size="sm" c="dimmed">
                  {t(`newCampaign.tasks.${task}`)}
                </Text>
              </div>
            </Group>
          </Radio.Card>
        ))}
      </SimpleGrid>
    </Radio.Group>
  );
}

function LabelList({ labels, onChange, tried, skeletons }: { labels: NewLabel[]; onChange: (labels: NewLabel[]) => void; tried: boolean; skeletons: boolean }) {
  const { t } = useTranslation();
  const [pasted, setPasted] = useState("");
  const problems = tried ? labelProblems(labels) : [];
  const problemOf = (index: number, field: "name" | "hotkey") => {
    const found = problems.find((problem) => problem.index === index && problem.field === field);
    return found === undefined ? undefined : t(`labels.problem.${found.problem}`);
  };
  const addPasted = () => {
    onChange(withNames(labels.filter((label) => label.name.trim() !== ""), pasted));
    setPasted("");
  };
  return (
    <Stack gap="xs">
      {labels.map((label, index) => (
        <LabelFields
          key={index}
          label={label}
          number={index + 1}
          errors={{ name: problemOf(index, "name"), hotkey: problemOf(index, "hotkey") }}
          onChange={(change) => onChange(labels.map((one, at) => (at === index ? { ...one, ...change } : one)))}
          onRemove={() => onChange(labels.filter((_, at) => at !== index))}
          more={skeletons && <SkeletonButton name={label.name} value={readSkeleton(label.skeleton)} onSave={(skeleton, done) => (onChange(labels.map((one, at) => (at === index ? { ...one, skeleton: skeleton ? asDocument(skeleton) : {} } : one))), done())} />}
        />
      ))}
      <Group>
        <Button variant="default" size="sm" onClick={() => onChange([...labels, nextLabel(labels)])} data-testid="add-label">
          {t("labels.add")}
        </Button>
        <TextInput
          aria-label={t("labels.paste")}
          placeholder={t("labels.paste")}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            addPasted();
          }}
          onBlur={() => pasted.trim() !== "" && addPasted()}
          style={{ flex: 1, minWidth: 220 }}
          data-testid="paste-labels"
        />
      </Group>
    </Stack>
  );
}

export function NewCampaignPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreateCampaign();
  const [labels, setLabels] = useState<NewLabel[]>([nextLabel([])]);
  const [tried, setTried] = useState(false);
  const form = useForm({
    initialValues: { name: "", task: "classification" as Task, instructions: "", multi_label: false, segmentation: "instance" as "instance" | "semantic", control_percent: 5 as number | string },
    validate: { name: (value) => (value.trim() === "" ? t("newCampaign.needName") : null) },
  });
  const submit = form.onSubmit((values) => {
    setTried(true);
    const named = labels.filter((label) => label.name.trim() !== "" || labels.length > 1);
    if (labelProblems(named).length > 0) return;
    create.mutate(
      {
        name: values.name.trim(),
        task: values.task,
        instructions: values.instructions,
        labels: named.map((label) => ({ ...label, name: label.name.trim() })),
        settings: { multi_label: values.multi_label, segmentation: values.segmentation, control_share: Number(values.control_percent || 0) / 100 },
      },
      { onSuccess: (campaign) => void navigate({ to: "/campaigns/$campaignId", params: { campaignId: campaign.id } }) },
    );
  });
  return (
    <form onSubmit={submit} noValidate>
      <PageHeader title={t("newCampaign.title")} subtitle={t("newCampaign.subtitle")} above={<Anchor component={Link} to="/campaigns" size="sm">{t("newCampaign.back")}</Anchor>} />
      <Stack maw={780} gap="lg">
        {create.error !== null && (
          <Alert color="red" role="alert">
            {messageOf(create.error)}
          </Alert>
        )}
        <Card>
          <Stack gap="lg">
            <TextInput label={t("newCampaign.name")} placeholder={t("newCampaign.namePlaceholder")} required maxLength={200} autoFocus data-testid="campaign-name" {...form.getInputProps("name")} />
            <TaskCards value={form.values.task} onChange={(task) => form.setFieldValue("task", task)} />
            {form.values.task === "classification" && (
              <Switch label={t("newCampaign.multiLabel")} description={t("newCampaign.multiLabelHint")} data-testid="multi-label" {...form.getInputProps("multi_label", { type: "checkbox" })} />
            )}
            {form.values.task === "segmentation" && (
              <div>
                <Text size="sm" fw={500} id="segmentation-kind" mb={4}>
                  {t("newCampaign.segmentation")}
                </Text>
                <SegmentedControl
                  aria-labelledby="segmentation-kind"
                  data={[
                    { value: "instance", label: t("newCampaign.instance") },
                    { value: "semantic", label: t("newCampaign.semantic") },
                  ]}
                  {...form.getInputProps("segmentation")}
                />
              </div>
            )}
          </Stack>
        </Card>
        <Card>
          <Title order={2} fz={18}>
            {t("labels.title")}
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            {t("newCampaign.labelsHint")}
          </Text>
          <LabelList labels={labels} onChange={setLabels} tried={tried} skeletons={form.values.task === "keypoints"} />
        </Card>
        <Card>
          <Stack>
            <Textarea label={t("newCampaign.instructions")} description={t("newCampaign.instructionsHint")} autosize minRows={3} {...form.getInputProps("instructions")} />
            <NumberInput label={t("newCampaign.control")} description={t("newCampaign.controlHint")} suffix=" %" min={0} max={50} maw={320} {...form.getInputProps("control_percent")} />
          </Stack>
        </Card>
        <Group>
          <Button type="submit" size="md" loading={create.isPending} data-testid="create-campaign">
            {t("newCampaign.submit")}
          </Button>
          <Button component={Link} to="/campaigns" variant="subtle" color="gray" size="md">
            {t("states.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
