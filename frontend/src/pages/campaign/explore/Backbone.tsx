import { Alert, Button, Card, FileInput, Group, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { type Backbones, useBackbones, useChooseBackbone } from "@/api/likeness";
import { messageOf } from "@/api/problems";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { Loaded } from "@/parts/states";
import { mayManage } from "../roles";
import { choiceOf, FRESH, type Wanted } from "./backbones";
import classes from "./Explore.module.css";
import { PHONE } from "./viewSearch";
import { LatestRun } from "./LatestRun";

const RUN = "backbone";

/** What looks at the campaign's images, and another one to take its place. */
export function Backbone({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const query = useBackbones(campaign.id);
  const going = useGoing(campaign.id);
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>
        {t("explore.backbone.hint")}
      </Text>
      <Loaded query={query}>
        {(found) => (
          <>
            <Current found={found} />
            <LatestRun campaign={campaign.id} kind={RUN} />
            {mayManage(campaign.role) ? <Change campaign={campaign} found={found} going={going} /> : <Text size="sm">{t("explore.backbone.managers")}</Text>}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

/** Whether another backbone is on its way; when it has come, everything that goes by it is read anew. */
function useGoing(campaign: number): boolean {
  const client = useQueryClient();
  const going = useRuns({ campaign, kind: RUN }).data?.some((run) => !isFinished(run)) === true;
  useEffect(() => {
    if (!going) for (const seen of ["backbones", "map", "duplicates", "suggestions", "label-doubts"]) void client.invalidateQueries({ queryKey: [...campaignKey(campaign), seen] });
  }, [going, client, campaign]);
  return going;
}

function Current({ found: { current } }: { found: Backbones }) {
  const { t } = useTranslation();
  return (
    <Card data-testid="backbone-current" data-space={current?.name ?? ""}>
      <Group wrap="nowrap" align="flex-start">
        <IconEye size={22} style={{ flex: "none", marginTop: 2 }} />
        <div>
          <Text size="xs" c="dimmed">
            {t("explore.backbone.current")}
          </Text>
          <Text fw={600}>{current?.title ?? t("explore.backbone.installed")}</Text>
          {current !== null && (
            <Text size="xs" c="dimmed" className="winnow-numbers" style={{ overflowWrap: "anywhere" }}>
              {t("explore.backbone.space")} {current.name}
              {current.dimension !== null && ` · ${t("explore.backbone.numbers", { count: current.dimension })}`}
            </Text>
          )}
        </div>
      </Group>
    </Card>
  );
}

function Change({ campaign, found, going }: { campaign: Campaign; found: Backbones; going: boolean }) {
  const { t } = useTranslation();
  const choose = useChooseBackbone(campaign.id);
  const [wanted, setWanted] = useState<Wanted>(FRESH);
  const change = (part: Partial<Wanted>) => {
    choose.reset();
    setWanted((now) => ({ ...now, ...part }));
  };
  const choice = choiceOf(wanted);
  const phone = useMediaQuery(PHONE) ?? false;
  return (
    <Card data-testid="backbone-change">
      <Stack>
        <div>
          <Title order={2} fz={16}>
            {t("explore.backbone.change")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("explore.backbone.changeHint")}
          </Text>
        </div>
        <SegmentedControl
          className={classes["views"] ?? ""}
          orientation={phone ? "vertical" : "horizontal"}
          size="xs"
          aria-label={t("explore.backbone.kind")}
          value={wanted.kind}
          onChange={(kind) => change({ kind: kind as Wanted["kind"] })}
          data={(["installed", "weights", "model"] as const).map((kind) => ({ value: kind, label: t(`explore.backbone.kinds.${kind}`) }))}
          data-testid="backbone-kind"
        />
        {choose.error !== null && (
          <Alert color="red" role="alert" data-testid="backbone-error">
            {messageOf(choose.error)}
          </Alert>
        )}
        <Fields found={found} wanted={wanted} change={change} />
        <Group>
          <Button onClick={() => choice !== null && choose.mutate(choice)} disabled={choice === null || campaign.counts.images === 0} loading={choose.isPending || going} data-testid="backbone-start">
            {t("explore.backbone.start")}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}

interface FieldsProps {
  found: Backbones;
  wanted: Wanted;
  change: (part: Partial<Wanted>) => void;
}

function Fields({ found, wanted, change }: FieldsProps) {
  const { t } = useTranslation();
  switch (wanted.kind) {
    case "installed":
      return (
        <Select
          maw={280}
          label={t("explore.backbone.size")}
          allowDeselect={false}
          data={(["small", "medium", "large"] as const).map((value) => ({ value, label: t(`explore.backbone.sizes.${value}`) }))}
          value={wanted.size}
          onChange={(size) => change({ size: size ?? "small" })}
          data-testid="backbone-size"
        />
      );
    case "model":
      return found.models.length === 0 ? (
        <Text size="sm">{t("explore.backbone.noModels")}</Text>
      ) : (
        <Select
          maw={460}
          label={t("explore.backbone.model")}
          description={t("explore.backbone.modelHint")}
          data={found.models.map(({ id, name, version }) => ({ value: String(id), label: version === "" ? name : `${name} · ${version}` }))}
          value={wanted.model}
          onChange={(model) => change({ model })}
          data-testid="backbone-model"
        />
      );
    case "weights":
      return <Weights found={found} wanted={wanted} change={change} />;
  }
}

function Weights({ found, wanted, change }: FieldsProps) {
  const { t } = useTranslation();
  const normalisations = (["imagenet", "clip", "half", "none"] as const).filter((one) => found.normalisations.includes(one));
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <Select
        label={t("explore.backbone.library")}
        allowDeselect={false}
        data={[
          { value: "torchvision", label: "torchvision" },
          { value: "timm", label: "timm", disabled: !found.timm },
        ]}
        value={wanted.library}
        onChange={(library) => change({ library: library ?? "torchvision", architecture: "" })}
        description={found.timm ? undefined : t("explore.backbone.noTimm")}
        data-testid="backbone-library"
      />
      {wanted.library === "timm" ? (
        <TextInput label={t("explore.backbone.network")} placeholder={t("explore.backbone.timmName")} value={wanted.architecture} maxLength={100} onChange={(event) => change({ architecture: event.currentTarget.value })} data-testid="backbone-network" />
      ) : (
        <Select searchable label={t("explore.backbone.network")} data={[...found.networks]} value={wanted.architecture === "" ? null : wanted.architecture} onChange={(architecture) => change({ architecture: architecture ?? "" })} data-testid="backbone-network" />
      )}
      <FileInput label={t("explore.backbone.file")} placeholder={t("explore.backbone.chooseFile")} accept=".pth,.pt,.bin,.safetensors" value={wanted.file} onChange={(file) => change({ file })} clearable data-testid="backbone-file" />
      <NumberInput label={t("explore.backbone.side")} suffix=" px" min={32} max={1024} value={wanted.side} onChange={(side) => typeof side === "number" && change({ side })} data-testid="backbone-side" />
      <Select
        label={t("explore.backbone.normalisation")}
        allowDeselect={false}
        data={normalisations.map((value) => ({ value, label: t(`explore.backbone.normalisations.${value}`) }))}
        value={wanted.normalisation}
        onChange={(normalisation) => change({ normalisation: normalisation ?? "imagenet" })}
        data-testid="backbone-normalisation"
      />
    </SimpleGrid>
  );
}
