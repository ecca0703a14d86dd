import { Alert, Fieldset, Group, NumberInput, Select, SimpleGrid, Stack, Switch, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStepKinds, useStepsJudgement } from "@/api/models";
import type { StepKind, Task } from "@/api/types";
import type { Options } from "./protocolOptions";
import { StepCard } from "./StepCard";
import classes from "./Steps.module.css";
import { moved, newStep, stepAt, stepsOf, windowsOf, withParam, without, withSteps, withWindows } from "./steps";
import type { Phase } from "./steps";

const JUDGED_AFTER_MS = 350;

interface Props {
  task: Task;
  protocol: string;
  /** The model's options; null while their text is no JSON. */
  options: Options | null;
  onChange: (options: Options) => void;
}

/** What happens before an image is sent and after its answer came, in order, with a word on what cannot work. */
export function StepsEditor({ task, protocol, options, onChange }: Props) {
  const { t } = useTranslation();
  const kinds = useStepKinds();
  const asked = JSON.stringify({ task, protocol, options: options ?? {} });
  const [settled] = useDebouncedValue(asked, JUDGED_AFTER_MS);
  const judgement = useStepsJudgement(settled, options !== null);
  const wrong = options !== null && judgement.data !== undefined && judgement.data.why !== "" ? judgement.data : null;
  const at = wrong === null ? null : stepAt(wrong.where);
  const { window_px: side, overlap_px: overlap } = windowsOf(options ?? {});
  return (
    <Fieldset legend={t("steps.legend")} disabled={options === null} data-testid="steps-editor">
      <Stack>
        {(["pre", "post"] as const).map((phase) => (
          <StepList
            key={phase}
            phase={phase}
            kinds={(kinds.data ?? []).filter((kind) => kind.phase === phase)}
            task={task}
            options={options ?? {}}
            wrong={at !== null && at.phase === phase ? { index: at.index, why: wrong?.why ?? "" } : null}
            onChange={onChange}
          />
        ))}
        <Group align="flex-end">
          <Switch label={t("steps.windows")} description={t("steps.windowsHint")} checked={side !== null} onChange={(event) => onChange(withWindows(options ?? {}, event.currentTarget.checked))} data-testid="windows" />
        </Group>
        {side !== null && (
          <SimpleGrid cols={2} maw={430}>
            <NumberInput label={t("steps.windowPx")} value={side} min={64} max={65536} allowDecimal={false} onChange={(value) => typeof value === "number" && onChange({ ...options, window_px: value })} data-testid="window-px" />
            <NumberInput label={t("steps.overlapPx")} value={overlap} min={16} max={16384} allowDecimal={false} onChange={(value) => typeof value === "number" && onChange({ ...options, overlap_px: value })} data-testid="overlap-px" />
          </SimpleGrid>
        )}
        <div role="status" data-testid="steps-judgement" data-ok={wrong === null}>
          {wrong !== null && at === null && (
            <Alert color="red">
              {wrong.where}: {wrong.why}
            </Alert>
          )}
          {wrong !== null && at !== null && (
            <Text size="sm" c="var(--mantine-color-error)">
              {t("steps.wrong", { number: at.index + 1, phase: t(`steps.${at.phase}`), why: wrong.why })}
            </Text>
          )}
        </div>
      </Stack>
    </Fieldset>
  );
}

interface ListProps {
  phase: Phase;
  kinds: readonly StepKind[];
  task: Task;
  options: Options;
  wrong: { index: number; why: string } | null;
  onChange: (options: Options) => void;
}

function StepList({ phase, kinds, task, options, wrong, onChange }: ListProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const steps = stepsOf(options, phase);
  const change = (changed: readonly { name: string; params: Options }[]) => onChange(withSteps(options, phase, changed));
  /** After a step moved, its buttons stand elsewhere: the focus follows it. */
  const follow = (index: number, button: string) =>
    requestAnimationFrame(() => {
      const card = list.current?.children[index];
      const wanted = card?.querySelector<HTMLButtonElement>(`[data-button="${button}"]:not(:disabled)`) ?? card?.querySelector<HTMLButtonElement>("button:not(:disabled)");
      wanted?.focus();
    });
  const move = (index: number, by: -1 | 1) => {
    const changed = moved(steps, index, by);
    if (changed === steps) return;
    change(changed);
    follow(index + by, by < 0 ? "up" : "down");
  };
  const addable = kinds.filter((kind) => kind.tasks.includes(task));
  return (
    <section aria-label={t(`steps.${phase}`)}>
      <Text size="sm" fw={600}>
        {t(`steps.${phase}`)}
      </Text>
      <Text size="xs" c="dimmed" mb={6}>
        {t(`steps.${phase}Hint`)}
      </Text>
      <ol ref={list} className={classes["list"]}>
        {steps.map((step, index) => (
          <StepCard
            key={`${step.name}.${steps.slice(0, index).filter((other) => other.name === step.name).length}`}
            step={step}
            kind={kinds.find((kind) => kind.name === step.name)}
            place={{ phase, index, count: steps.length }}
            wrong={wrong?.index === index ? wrong.why : null}
            onParam={(name, value) => change(withParam(steps, index, name, value))}
            onMove={(by) => move(index, by)}
            onRemove={() => change(without(steps, index))}
          />
        ))}
      </ol>
      <Select
        key={steps.length}
        aria-label={t("steps.add", { phase: t(`steps.${phase}`) })}
        placeholder={t("steps.addPlaceholder")}
        value={null}
        data={addable.map((kind) => ({ value: kind.name, label: kind.title }))}
        onChange={(name) => {
          const kind = kinds.find((one) => one.name === name);
          if (kind === undefined) return;
          change([...steps, newStep(kind)]);
          follow(steps.length, "up");
        }}
        searchable
        maw={300}
        data-testid={`add-${phase}`}
      />
    </section>
  );
}
