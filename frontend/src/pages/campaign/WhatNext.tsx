import { Box, Button, Group, Paper, Text } from "@mantine/core";
import { IconArrowRight, IconCheck } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useStartRound, useStartTraining } from "@/api/learning";
import { useCampaignModels, useStartInference } from "@/api/models";
import { isFinished, useRuns } from "@/api/runs";
import type { Campaign } from "@/api/types";
import { chooseFiles } from "./images/chooseFiles";
import { adviceOf, type Facts, type Step, STEPS, waitingFor } from "./nextStep";
import { defaultSize } from "./rounds/defaults";
import { mayManage } from "./roles";
import { useFacts } from "./useFacts";
import { BRINGS_IMAGES } from "./useRunWatch";
import classes from "./WhatNext.module.css";

const TAB_OF: Record<Exclude<Step, "label">, string> = { images: "images", labels: "labels", model: "models", prefill: "models", train: "training", round: "rounds" };

/** What a step builds on, and would start twice. Other runs, such as a simulation of hours, are no reason to wait. */
const WORKING: ReadonlySet<string> = new Set(["inference", "training", "round"]);
const STARTS: ReadonlySet<Step> = new Set(["prefill", "train", "round"]);

/** What the one button does: it acts where it can, and opens the right page where a person has to decide. */
function useLead(campaign: Campaign, step: Step, facts: Facts): { lead: () => void; busy: boolean } {
  const navigate = useNavigate();
  const infer = useStartInference(campaign.id);
  const train = useStartTraining(campaign.id);
  const round = useStartRound(campaign.id);
  const models = useCampaignModels(campaign.id);
  const open = (tab: string) => void navigate({ to: "/campaigns/$campaignId/$tab", params: { campaignId: campaign.id, tab } });
  const model = models.data?.findLast((one) => one.mapping.some((row) => row.label !== null))?.model;
  const lead = () => {
    if (step === "label") return void navigate({ to: "/campaigns/$campaignId/label", params: { campaignId: campaign.id }, search: {} });
    if (step === "images" && chooseFiles()) return;
    const tab = TAB_OF[step];
    const onSuccess = () => open(tab);
    if (step === "prefill" && model !== undefined) return infer.mutate({ model: model.id, images: "unlabeled", prefill: true }, { onSuccess });
    if (step === "train") return train.mutate({ method: "fast_head" }, { onSuccess });
    // The first round ranks by the model at hand; each one after it by a model that knows the new labels.
    const retrain = facts.rounds > 0 && facts.labeled > 0;
    if (step === "round") return round.mutate({ size: defaultSize(facts.unlabeled), train: retrain }, { onSuccess });
    return open(tab);
  };
  return { lead, busy: infer.isPending || train.isPending || round.isPending };
}

function StepMark({ step, number, done, current, campaign }: { step: Step; number: number; done: boolean; current: boolean; campaign: Campaign }) {
  const { t } = useTranslation();
  const state = done ? t("next.isDone") : current ? t("next.isNext") : "";
  const body = (
    <>
      <span className={classes["mark"]} aria-hidden="true">
        {done ? <IconCheck size={13} stroke={3} /> : number}
      </span>
      {t(`next.steps.${step}`)}
      {state !== "" && <span className="winnow-hidden">{state}</span>}
    </>
  );
  const common = { className: classes["step"], "data-done": done || undefined, "data-current": current || undefined, ...(current ? { "aria-current": "step" as const } : {}) };
  if (step === "label") {
    return (
      <Link to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} preload={false} {...common}>
        {body}
      </Link>
    );
  }
  return (
    <Link to="/campaigns/$campaignId/$tab" params={{ campaignId: campaign.id, tab: TAB_OF[step] }} {...common}>
      {body}
    </Link>
  );
}

function Strip({ campaign, facts }: { campaign: Campaign; facts: Facts }) {
  const { t } = useTranslation();
  const { step, done } = adviceOf(facts);
  const { lead, busy } = useLead(campaign, step, facts);
  const runs = useRuns({ campaign: campaign.id });
  const working = (runs.data ?? []).some((run) => WORKING.has(run.kind) && !isFinished(run));
  const arriving = step === "images" && (runs.data ?? []).some((run) => BRINGS_IMAGES.has(run.kind) && !isFinished(run));
  const finished = facts.images > 0 && facts.unlabeled === 0 && step === "round";
  return (
    <Paper withBorder p="md" mb="lg" component="section" aria-label={t("next.title")} data-testid="what-next" data-step={step}>
      <ol className={classes["steps"]}>
        {STEPS.map((one, index) => (
          <li key={one}>
            <StepMark step={one} number={index + 1} done={done.has(one)} current={one === step} campaign={campaign} />
          </li>
        ))}
      </ol>
      <Group justify="space-between" mt="sm" gap="sm">
        <Box style={{ flex: 1, minWidth: 220 }}>
          <Text fw={600}>{arriving ? t("next.arriving") : finished ? t("next.allLabeled") : t(`next.lead.${step}`)}</Text>
          <Text size="sm" c="dimmed">
            {arriving ? t("next.arrivingText") : finished ? t("next.allLabeledText") : t(`next.text.${step}`, { count: waitingFor(step, facts) })}
          </Text>
        </Box>
        <Group gap="xs">
          {step === "model" && (
            <Button component={Link} to={`/campaigns/${campaign.id}/label`} variant="subtle" data-testid="next-without-model">
              {t("next.withoutModel")}
            </Button>
          )}
          {finished ? (
            <Button component={Link} to={`/campaigns/${campaign.id}/export`} rightSection={<IconArrowRight size={17} />}>
              {t("next.export")}
            </Button>
          ) : (
            !arriving && (
              <Button onClick={lead} loading={busy} disabled={working && STARTS.has(step)} rightSection={<IconArrowRight size={17} />} data-testid="next-step">
                {t(`next.action.${step}`)}
              </Button>
            )
          )}
        </Group>
      </Group>
    </Paper>
  );
}

/** The loop as one line: what is done, what leads on, and one button for it. */
export function WhatNext({ campaign }: { campaign: Campaign }) {
  const facts = useFacts(campaign);
  if (facts === null || !mayManage(campaign.role)) return null;
  return <Strip campaign={campaign} facts={facts} />;
}
