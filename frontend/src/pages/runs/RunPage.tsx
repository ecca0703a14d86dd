import { Accordion, Anchor, Button, Card, Code, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { runFileUrl, useFailedItems, useReasons, useRun } from "@/api/runs";
import type { Reason, Run } from "@/api/types";
import { PageHeader } from "@/parts/PageHeader";
import { RunCard, useRunTitle } from "@/parts/RunCard";
import { modelOf } from "@/parts/runFormat";
import { RunLog } from "@/parts/RunLog";
import { Loaded, LoadingRows } from "@/parts/states";
import { When } from "@/parts/When";
import { Latencies } from "./Latencies";

function FailedItems({ run, reason }: { run: Run; reason: Reason }) {
  const { t } = useTranslation();
  const list = useFailedItems(run.id, reason, true);
  if (list.isPending) return <LoadingRows rows={2} height={30} />;
  return (
    <>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {list.items.map((item) => (
            <Table.Tr key={item.id}>
              <Table.Td w={240}>
                {run.campaign === null ? (
                  item.name
                ) : (
                  <Anchor component={Link} to={`/campaigns/${run.campaign}/label?image=${item.image}`} size="sm">
                    {item.name}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>
                <Text size="sm">{item.reason}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {list.hasNextPage && (
        <Button size="xs" variant="subtle" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("states.more")}
        </Button>
      )}
    </>
  );
}

function Failures({ run, reasons }: { run: Run; reasons: readonly Reason[] }) {
  const { t, i18n } = useTranslation();
  const reasonName = (code: string) => (i18n.exists(`runs.codes.${code}`) ? t(`runs.codes.${code}` as "runs.codes.rejected") : code.replaceAll("_", " "));
  const [opened, setOpened] = useState<string | null>(null);
  return (
    <section aria-labelledby="failures">
      <Title order={2} fz={18} mb="sm" id="failures">
        {t("runs.failures")}
      </Title>
      <Accordion variant="separated" order={3} value={opened} onChange={setOpened}>
        {reasons.map((reason, at) => (
          <Accordion.Item key={`${reason.code} ${reason.example}`} value={String(at)} data-testid="failure-group">
            <Accordion.Control>
              <Text fw={600} className="winnow-numbers">
                {t("runs.failedImages", { count: reason.count })}
                <Text span c="dimmed" inherit fw={400}>
                  {" "}
                  {reasonName(reason.code)}
                </Text>
              </Text>
              <Text size="sm">{reason.count > 1 ? t("runs.example", { reason: reason.example }) : reason.example}</Text>
            </Accordion.Control>
            <Accordion.Panel>{opened === String(at) && <FailedItems run={run} reason={reason} />}</Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </section>
  );
}

/** Leads to the model that was asked. */
function AskedModel({ run }: { run: Run }) {
  const { t } = useTranslation();
  const model = modelOf(run);
  if (model === null) return null;
  return (
    <Anchor component={Link} to={`/models/${model.id}`} size="sm" data-testid="asked-model">
      {t("runs.asked", { name: model.name, version: model.version })}
    </Anchor>
  );
}

function Facts({ run }: { run: Run }) {
  const { t } = useTranslation();
  const facts: [string, React.ReactNode][] = [
    [t("runs.by"), run.created_by?.username ?? "–"],
    [t("runs.queuedAt"), <When key="q" time={run.created_at} />],
    [t("runs.startedAt"), <When key="s" time={run.started_at} />],
    [t("runs.finishedAt"), <When key="f" time={run.finished_at} />],
    [t("runs.attempts"), run.attempts],
  ];
  return (
    <Card>
      <SimpleGrid cols={{ base: 2, sm: 5 }}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text size="sm" component="div" className="winnow-numbers">
              {value}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Card>
  );
}

function Log({ run }: { run: Run }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Accordion variant="separated" order={2} onChange={(value) => setOpen(value === "log")}>
      <Accordion.Item value="log">
        <Accordion.Control>{t("runs.log")}</Accordion.Control>
        <Accordion.Panel>
          <RunLog run={run} enabled={open} />
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="details">
        <Accordion.Control>{t("runs.parameters")}</Accordion.Control>
        <Accordion.Panel>
          <Code block tabIndex={0} style={{ maxHeight: 420, overflow: "auto" }}>
            {JSON.stringify({ params: run.params, result: run.result }, null, 2)}
          </Code>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

export function RunPage() {
  const { t } = useTranslation();
  const { runId } = useParams({ strict: false }) as { runId: number };
  const query = useRun(runId);
  const reasons = useReasons(query.data);
  const titleOf = useRunTitle();
  return (
    <Loaded query={query}>
      {(run) => (
        <>
          <PageHeader
            title={titleOf(run)}
            subtitle={<AskedModel run={run} />}
            above={
              <Anchor component={Link} to="/runs" size="sm">
                {t("runs.title")}
              </Anchor>
            }
            actions={
              <Group>
                {run.kind === "export" && run.state === "succeeded" && (
                  <Button component="a" href={runFileUrl(run.id)} download leftSection={<IconDownload size={16} />}>
                    {t("exports.download")}
                  </Button>
                )}
                {run.campaign !== null && (
                  <Button component={Link} to={`/campaigns/${run.campaign}`} variant="default">
                    {t("runs.toCampaign")}
                  </Button>
                )}
              </Group>
            }
          />
          <Stack>
            <RunCard id={run.id} details={false} />
            <Facts run={run} />
            <Latencies run={run} />
            {(reasons.data?.length ?? 0) > 0 && <Failures run={run} reasons={reasons.data ?? []} />}
            <Log run={run} />
          </Stack>
        </>
      )}
    </Loaded>
  );
}
