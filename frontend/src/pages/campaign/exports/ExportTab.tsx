import { Button, Card, Group, NumberInput, Select, SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconBraces, IconDownload, IconLayersSubtract, IconMap2, IconTable } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStartExport } from "@/api/learning";
import { runFileUrl, useRuns } from "@/api/runs";
import type { Campaign, ImageState, Run } from "@/api/types";
import { RunCard } from "@/parts/RunCard";
import { ScopeSelect, useScopes } from "../images/ScopeSelect";

const FORMATS = [
  { name: "coco", icon: IconBraces },
  { name: "geojson", icon: IconMap2 },
  { name: "csv", icon: IconTable },
  { name: "masks", icon: IconLayersSubtract },
] as const;

/** Labels of whole images have no outlines and no pixels. */
const NEEDS_OBJECTS: ReadonlySet<string> = new Set(["coco", "masks"]);

const RECENT = 5;

function Download({ run }: { run: Run }) {
  const { t } = useTranslation();
  if (run.state !== "succeeded") return null;
  return (
    <Group>
      <Button component="a" href={runFileUrl(run.id)} download size="xs" leftSection={<IconDownload size={15} />} data-testid="download-export">
        {t("exports.download")}
      </Button>
    </Group>
  );
}

/** What was labeled leaves in one of several formats, written in the background and kept for download. */
export function ExportTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [state, setState] = useState<ImageState | "">("");
  const [ignored_percent, setIgnored] = useState<number | "">("");
  const start = useStartExport(campaign.id);
  const runs = useRuns({ campaign: campaign.id, kind: "export" });
  const none = campaign.counts.images === 0;
  const fits = (format: string): boolean => campaign.task !== "classification" || !NEEDS_OBJECTS.has(format);
  const scopes = useScopes(campaign, ["all"]);
  const chosen = scopes.name === "all" ? (state === "" ? {} : { filter: { state } }) : { images: scopes.images };
  return (
    <Stack>
      <Group>
        <ScopeSelect scopes={scopes} />
        {scopes.name === "all" && (
          <Select
            label={t("exports.which")}
            w={280}
            value={state}
            onChange={(value) => setState((value ?? "") as ImageState | "")}
            data={[{ value: "", label: t("exports.all") }, ...(["submitted", "accepted"] as const).map((value) => ({ value, label: t(`images.stateName.${value}`) }))]}
          />
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        {FORMATS.map(({ name, icon: Icon }) => (
          <Card key={name}>
            <Stack h="100%" justify="space-between" align="flex-start">
              <div>
                <Group gap="sm" mb="xs">
                  <ThemeIcon variant="light" size={38} aria-hidden="true">
                    <Icon size={21} />
                  </ThemeIcon>
                  <Title order={2} fz={18}>
                    {t(`exports.format.${name}`)}
                  </Title>
                </Group>
                <Text size="sm" c="dimmed">
                  {fits(name) ? t(`exports.text.${name}`) : t("exports.needsObjects")}
                </Text>
                {name === "masks" && fits(name) && (
                  <NumberInput
                    mt="sm" size="xs" min={0} max={100} suffix=" %" allowDecimal={false} allowNegative={false} clampBehavior="strict"
                    label={t("exports.ignoreBelow")} description={t("exports.ignoreBelowText")} placeholder={t("exports.ignoreNone")} data-testid="ignore-below"
                    value={ignored_percent} onChange={(value) => setIgnored(typeof value === "number" ? value : "")}
                  />
                )}
              </div>
              <Button
                variant="default"
                disabled={none || !fits(name)}
                loading={start.isPending && start.variables?.format === name}
                onClick={() => start.mutate({ format: name, ...chosen, ...(name === "masks" && ignored_percent !== "" ? { ignore_below: ignored_percent / 100 } : {}) })}
                data-testid={`export-${name}`}
              >
                {t("exports.start", { format: t(`exports.format.${name}`) })}
              </Button>
            </Stack>
          </Card>
        ))}
      </SimpleGrid>
      {none && (
        <Text size="sm" c="dimmed">
          {t("exports.nothing")}
        </Text>
      )}
      {(runs.data ?? []).length > 0 && (
        <Title order={2} fz={18} mt="md">
          {t("exports.recent")}
        </Title>
      )}
      {(runs.data ?? []).slice(0, RECENT).map((run) => (
        <RunCard key={run.id} id={run.id} title={t("exports.run", { format: String(run.params["format"] ?? "").toUpperCase(), id: run.id })}>
          {(now) => <Download run={now} />}
        </RunCard>
      ))}
    </Stack>
  );
}
