import { Button, Group, SegmentedControl, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconEye, IconEyeOff, IconMap } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CoverageMap, useCoverageMap, useDrawMap } from "@/api/likeness";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign, ImageState } from "@/api/types";
import { EmptyState, Loaded } from "@/parts/states";
import { mayManage } from "../roles";
import classes from "./Explore.module.css";
import { LatestRun } from "./LatestRun";
import { MapCanvas } from "./MapCanvas";
import { type Coloring, COLORINGS, groupsOf, NONE, type PointGroup } from "./points";
import { Outdated } from "./Outdated";
import { useShow } from "./useShow";

/** How the campaign's images lie beside each other, and which of them are labeled, tested, asked about or unclear. */
export function MapView({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useCoverageMap(campaign.id);
  const draw = useDrawMap(campaign.id);
  const going = useRuns({ campaign: campaign.id, kind: "map" }).data?.some((run) => !isFinished(run)) === true;
  const isDrawn = query.data?.run != null;
  const drawing = mayManage(campaign.role) && (
    <Group>
      {(query.data?.missing ?? 0) > 0 && <Text size="sm">{t("explore.map.missing", { count: query.data?.missing ?? 0 })}</Text>}
      {(query.data?.unreadable ?? 0) > 0 && <Text size="sm">{t("explore.map.unreadable", { count: query.data?.unreadable ?? 0 })}</Text>}
      <Button leftSection={<IconMap size={17} />} size={isDrawn ? "xs" : "sm"} variant={isDrawn ? "default" : "filled"} loading={draw.isPending || going} disabled={campaign.counts.images === 0} onClick={() => draw.mutate()} data-testid="map-draw">
        {t(isDrawn ? "explore.map.drawAgain" : "explore.map.draw")}
      </Button>
    </Group>
  );
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760} id="map-keys">
        {t("explore.map.hint")} {t("explore.map.keys")}
      </Text>
      {!isDrawn && drawing}
      <LatestRun campaign={campaign.id} kind="map" />
      <Loaded query={query}>
        {(map) =>
          map.run === null ? (
            <EmptyState icon={<IconMap size={26} />} title={t("explore.map.emptyTitle")}>
              {t("explore.map.emptyText")}
            </EmptyState>
          ) : (
            <Drawn campaign={campaign} map={map} aside={drawing} />
          )
        }
      </Loaded>
    </Stack>
  );
}

function Drawn({ campaign, map, aside }: { campaign: Campaign; map: CoverageMap; aside: ReactNode }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const show = useShow(campaign.id);
  const [by, setBy] = useState<Coloring>("label");
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => groupsOf(map, by, campaign.labels), [map, by, campaign.labels]);
  const toggle = (key: string): void => setHidden((now) => new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key]));
  return (
    <Stack>
      <Outdated outdated={map.outdated} />
      <Group justify="space-between">
        <SegmentedControl
          className={classes["views"] ?? ""}
          size="xs"
          aria-label={t("explore.map.colorings")}
          value={by}
          onChange={(next) => {
            setBy(next as Coloring);
            setHidden(new Set());
          }}
          data={COLORINGS.map((one) => ({ value: one, label: t(`explore.map.by.${one}`) }))}
          data-testid="map-coloring"
        />
        {aside}
      </Group>
      <MapCanvas
        map={map}
        groups={groups}
        hidden={hidden}
        onCaught={(ids) => show(t("explore.map.caught", { count: ids.length }), ids)}
        onOpen={(image) => void navigate({ to: "/campaigns/$campaignId/label", params: { campaignId: campaign.id }, search: { image } })}
      />
      <Group gap="xs" data-testid="map-legend">
        {groups.map((group) => (
          <Legend key={group.key} campaign={campaign} by={by} group={group} isHidden={hidden.has(group.key)} onToggle={() => toggle(group.key)} onShow={(name) => show(name, group.places.map((at) => map.ids[at] ?? 0))} />
        ))}
      </Group>
    </Stack>
  );
}

interface LegendProps {
  campaign: Campaign;
  by: Coloring;
  group: PointGroup;
  isHidden: boolean;
  onToggle: () => void;
  onShow: (name: string) => void;
}

/** A colour with its name: hides its points, or goes to the gallery with them, also without a pointer. */
function Legend({ campaign, by, group, isHidden, onToggle, onShow }: LegendProps) {
  const { t } = useTranslation();
  const name = useGroupName(campaign, by)(group.key);
  return (
    <span className={classes["legend"]}>
      <i style={{ background: group.color }} />
      <UnstyledButton fz="xs" onClick={() => onShow(name)} aria-label={t("explore.map.choose", { name, count: group.places.length })} data-testid="map-group" data-key={group.key}>
        {name} <b className="winnow-numbers">{group.places.length.toLocaleString()}</b>
      </UnstyledButton>
      <UnstyledButton onClick={onToggle} aria-pressed={isHidden} aria-label={t("explore.map.hide", { name })} style={{ lineHeight: 0 }}>
        {isHidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
      </UnstyledButton>
    </span>
  );
}

function useGroupName(campaign: Campaign, by: Coloring): (key: string) => string {
  const { t } = useTranslation();
  return (key) => {
    if (key === NONE) return t(`explore.map.none.${by}`);
    switch (by) {
      case "label":
        return campaign.labels.find(({ id }) => String(id) === key)?.name ?? key;
      case "split":
        return t(`images.split.${key as "train" | "validation" | "test"}`);
      case "state":
        return t(`images.state.${key as ImageState}`);
      case "round":
        return t("rounds.number", { number: Number(key) });
      case "uncertainty":
        return t("explore.map.fifth", { from: Number(key) * 20, to: (Number(key) + 1) * 20 });
    }
  };
}
