import { Alert, Badge, Button, Card, Code, ColorSwatch, Group, Progress, Select, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCampaigns } from "@/api/campaigns";
import { useImages } from "@/api/images";
import { thumbnailUrl } from "@/api/thumbnails";
import { useTestModel, useUpdateModel } from "@/api/models";
import { messageOf } from "@/api/problems";
import { notifyProblem } from "@/api/queryClient";
import type { ModelTest, RegisteredModel } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { ImagePicker } from "./ImagePicker";
import { answerOf, classColor, countedAs, linesOfItems, withFoundClasses } from "./prediction";
import { PredictionPicture } from "./PredictionPicture";
import { RawAnswer } from "./RawAnswer";

const SHOWN_LINES = 30;
const PREVIEW_PX = 1024;

function Problem({ result }: { result: ModelTest }) {
  const { t } = useTranslation();
  const problem = result.failure;
  if (problem === null) return null;
  return (
    <Alert color="red" icon={<IconAlertTriangle size={19} />} title={t("test.failed")} role="alert">
      {problem.where !== "" && (
        <Text size="sm" mb={4}>
          {t("test.where")} <Code data-testid="test-where">{problem.where}</Code>
        </Text>
      )}
      <Text size="sm" data-testid="test-why">
        {problem.why}
      </Text>
    </Alert>
  );
}

function Answer({ result }: { result: ModelTest }) {
  const { t } = useTranslation();
  const prediction = answerOf(result.prediction);
  if (prediction === null) return null;
  const image = result.image.id;
  const source = image === null ? (result.sample === null ? null : `data:image/png;base64,${result.sample}`) : thumbnailUrl(image, PREVIEW_PX);
  const lines = linesOfItems(prediction.items);
  return (
    <SimpleGrid cols={{ base: 1, sm: source === null ? 1 : 2 }} spacing="lg">
      {source !== null && (
        <PredictionPicture
          source={source}
          label={t("test.picture", { count: lines.length })}
          items={prediction.items}
          width={result.image.width}
          height={result.image.height}
        />
      )}
      <div>
        <Text size="sm" fw={600} mb={6} data-testid="test-count">
          {t(`test.${countedAs(lines)}`, { count: lines.length })}
        </Text>
        <Table verticalSpacing={5} horizontalSpacing="xs" className="winnow-numbers">
          <Table.Tbody>
            {lines.slice(0, SHOWN_LINES).map((line, index) => (
              <Table.Tr key={index} data-testid="test-line">
                <Table.Td>
                  <Text size="sm">
                    {line.what !== "class" && <ColorSwatch component="span" size={10} radius={3} color={classColor(line.index)} display="inline-block" mr={7} />}
                    {line.name}{" "}
                    <Text span c="dimmed" size="xs">
                      {line.index === null ? t("test.unknownClass") : `#${line.index}`} · {line.what}
                    </Text>
                  </Text>
                </Table.Td>
                <Table.Td w={130}>{line.confidence !== null && <Progress value={100 * line.confidence} size="sm" aria-label={line.name} />}</Table.Td>
                <Table.Td w={60} ta="right">
                  <Text size="sm">{line.confidence === null ? "–" : line.confidence.toFixed(3)}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {lines.length > SHOWN_LINES && (
          <Text size="sm" c="dimmed">
            {t("test.more", { count: lines.length - SHOWN_LINES })}
          </Text>
        )}
        {result.warnings.map((warning) => (
          <Text key={warning} size="sm" c="var(--winnow-wheat-text)" mt={6}>
            {warning}
          </Text>
        ))}
        {prediction.dropped.map((one, index) => (
          <Text key={index} size="sm" c="var(--winnow-wheat-text)" mt={6}>
            {t("test.dropped", { count: one.count, name: one.class, reason: one.reason })}
          </Text>
        ))}
      </div>
    </SimpleGrid>
  );
}

/** An answer that names classes which the model does not have would draft nothing: offer to take them over. */
function FoundClasses({ model, result, onAdded }: { model: RegisteredModel; result: ModelTest; onAdded: () => void }) {
  const { t } = useTranslation();
  const save = useUpdateModel(model.id);
  const classes = withFoundClasses(model.classes, linesOfItems(answerOf(result.prediction)?.items ?? []));
  const found = classes.slice(model.classes.length);
  if (found.length === 0 || !model.may_change) return null;
  return (
    <Alert color="gray">
      <Group justify="space-between">
        <Text size="sm">{t("test.foundClasses", { count: found.length, names: found.map(({ name }) => name).join(", ") })}</Text>
        <Button size="xs" loading={save.isPending} onClick={() => save.mutate({ classes }, { onSuccess: onAdded, onError: notifyProblem })} data-testid="add-found-classes">
          {t("test.addClasses", { count: found.length })}
        </Button>
      </Group>
    </Alert>
  );
}

function StepsTold({ result }: { result: ModelTest }) {
  const { t } = useTranslation();
  if (result.steps.length === 0 && result.labels.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {result.steps.length > 0 && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            {t("test.steps")}
          </Text>
          <Table verticalSpacing={3} horizontalSpacing="xs">
            <Table.Tbody>
              {result.steps.map((step, index) => (
                <Table.Tr key={index} data-testid="told-step">
                  <Table.Td w={150}>
                    <Text size="sm">{step.title}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm" c="dimmed">
                      {step.text}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {result.labels.length > 0 && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            {t("test.labels")}
          </Text>
          {result.labels.map((line) => (
            <Text size="sm" key={line} data-testid="told-label">
              {line}
            </Text>
          ))}
        </div>
      )}
    </SimpleGrid>
  );
}

function Exchange({ result }: { result: ModelTest }) {
  const { t } = useTranslation();
  return (
      <Disclosure label={t("test.exchange")} opened={result.failure !== null}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <div>
            <Text size="xs" c="dimmed" mb={4}>
              {t("test.request")}
            </Text>
            <Code block tabIndex={0} style={{ maxHeight: 260, overflow: "auto" }}>
              {JSON.stringify(result.request, null, 2)}
            </Code>
          </div>
          <div>
            <Text size="xs" c="dimmed" mb={4}>
              {t("test.raw")}
            </Text>
            <RawAnswer text={result.raw ?? t("test.noRaw")} mark={result.mark} />
          </div>
        </SimpleGrid>
      </Disclosure>
  );
}

/** Send one image and show what came back, or exactly what was wrong with it. */
export function TestConnection({ model, campaign, unsaved = false }: { model: RegisteredModel; campaign: number | undefined; unsaved?: boolean }) {
  const { t } = useTranslation();
  const campaigns = useCampaigns();
  const [chosen, setChosen] = useState<string | null>(campaign === undefined ? null : String(campaign));
  const [picked, setPicked] = useState<string | null>(null);
  const test = useTestModel(model.id);
  const from = chosen ?? (campaigns.items.find((one) => one.counts.images > 0)?.id.toString() ?? null);
  const images = useImages(Number(from ?? 0), from !== null);
  const image = picked ?? images.items[0]?.id.toString() ?? null;
  const send = () => test.mutate(image === null ? {} : { image: Number(image) });
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} fz={18}>
            {t("test.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("test.text")}
          </Text>
        </div>
        <Group align="flex-end">
          <Select
            label={t("test.campaign")}
            w={270}
            value={from}
            onChange={(value) => {
              setChosen(value);
              setPicked(null);
            }}
            placeholder={t("test.sample")}
            data={campaigns.items.filter((one) => one.counts.images > 0).map((one) => ({ value: String(one.id), label: one.name }))}
          />
          <Button leftSection={<IconPlugConnected size={17} />} onClick={send} loading={test.isPending} disabled={unsaved} data-testid="test-connection">
            {t("test.start")}
          </Button>
        </Group>
        {from !== null && images.items.length > 0 && <ImagePicker images={images.items} value={image} onChange={setPicked} />}
        {unsaved && (
          <Text size="sm" c="var(--winnow-wheat-text)" role="status">
            {t("test.unsaved")}
          </Text>
        )}
        {test.error !== null && (
          <Alert color="red" role="alert" data-testid="test-result" data-ok={false}>
            {messageOf(test.error)}
          </Alert>
        )}
        {test.data !== undefined && (
          <Stack data-testid="test-result" data-ok={test.data.ok} aria-live="polite">
            <Group gap="xs">
              <Badge color={test.data.ok ? "pine" : "red"}>{t(test.data.ok ? "test.ok" : "test.notOk")}</Badge>
              {test.data.latency_ms !== null && <Badge color="gray">{t("test.latency", { ms: Math.round(test.data.latency_ms) })}</Badge>}
              {test.data.windows > 0 && (
                <Badge color="gray" data-testid="test-windows">
                  {t("test.windows", { count: test.data.windows })}
                </Badge>
              )}
            </Group>
            <Problem result={test.data} />
            <Answer result={test.data} />
            {!unsaved && <FoundClasses model={model} result={test.data} onAdded={send} />}
            <StepsTold result={test.data} />
            {(test.data.request !== null || test.data.raw !== null) && <Exchange result={test.data} />}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}
