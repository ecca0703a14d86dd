import { ActionIcon, Checkbox, Group, NumberInput, Select, Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { StepKind } from "@/api/types";
import classes from "./Steps.module.css";
import { numbersOf, shownParams } from "./steps";
import type { Phase, Step, StepParam } from "./steps";

interface Props {
  step: Step;
  /** What is declared of the step; undefined where this version knows no such step. */
  kind: StepKind | undefined;
  place: { phase: Phase; index: number; count: number };
  wrong: string | null;
  onParam: (name: string, value: unknown) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

/** One step: its parameters, and buttons to move it up, down or away. Alt with an arrow key moves it, too. */
export function StepCard({ step, kind, place, wrong, onParam, onMove, onRemove }: Props) {
  const { t } = useTranslation();
  const title = kind?.title ?? step.name;
  const { phase, index, count } = place;
  return (
    <li
      className={classes["step"]}
      data-wrong={wrong !== null || undefined}
      data-testid={`step-${phase}-${index}`}
      data-name={step.name}
      onKeyDown={(event) => {
        if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
        event.preventDefault();
        onMove(event.key === "ArrowUp" ? -1 : 1);
      }}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={600}>
          {index + 1}. {title}
        </Text>
        <Group gap={2} wrap="nowrap">
          <ActionIcon variant="subtle" color="gray" disabled={index === 0} aria-label={t("steps.up", { title })} title={t("steps.moveHint")} onClick={() => onMove(-1)} data-button="up">
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" disabled={index === count - 1} aria-label={t("steps.down", { title })} title={t("steps.moveHint")} onClick={() => onMove(1)} data-button="down">
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" aria-label={t("steps.remove", { title })} onClick={onRemove} data-button="remove">
            <IconX size={16} />
          </ActionIcon>
        </Group>
      </Group>
      <Text size="xs" c="dimmed">
        {kind?.help ?? t("steps.unknown")}
      </Text>
      {kind !== undefined && kind.params.length > 0 && (
        <Group gap="sm" mt={6} align="flex-start">
          {shownParams(kind, step).map((param) => (
            <ParamField key={param.name} param={param} value={step.params[param.name] ?? param.default} onChange={(value) => onParam(param.name, value)} />
          ))}
        </Group>
      )}
      {wrong !== null && (
        <Text size="xs" c="var(--mantine-color-error)" mt={6}>
          {wrong}
        </Text>
      )}
    </li>
  );
}

interface ParamProps {
  param: StepParam;
  value: unknown;
  onChange: (value: unknown) => void;
}

function ParamField({ param, value, onChange }: ParamProps) {
  const common = { label: param.title, title: param.help === "" ? undefined : param.help, size: "xs", "data-testid": `param-${param.name}` } as const;
  switch (param.kind) {
    case "flag":
      return <Checkbox {...common} mt={26} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case "choice":
      return <Select {...common} w={140} data={param.choices} value={String(value)} allowDeselect={false} onChange={(choice) => choice !== null && onChange(choice)} />;
    case "number":
    case "whole":
      return (
        <NumberInput
          {...common}
          w={140}
          value={typeof value === "number" ? value : ""}
          {...(param.low === null ? {} : { min: param.low })}
          {...(param.high === null ? {} : { max: param.high })}
          clampBehavior="none"
          allowDecimal={param.kind === "number"}
          onChange={(number) => typeof number === "number" && onChange(number)}
        />
      );
    case "numbers":
    case "wholes":
      return <NumbersField {...common} value={value} onChange={onChange} />;
  }
}

interface NumbersProps {
  label: string;
  title: string | undefined;
  size: "xs";
  "data-testid": string;
  value: unknown;
  onChange: (value: number[]) => void;
}

function NumbersField({ value, onChange, ...common }: NumbersProps) {
  const { t } = useTranslation();
  const known = Array.isArray(value) ? value.join(", ") : "";
  const [text, setText] = useState(known);
  const broken = numbersOf(text) === null;
  return (
    <TextInput
      {...common}
      w={220}
      value={text}
      error={broken ? t("steps.numbers") : undefined}
      onChange={(event) => {
        setText(event.currentTarget.value);
        const numbers = numbersOf(event.currentTarget.value);
        if (numbers !== null) onChange(numbers);
      }}
      onBlur={() => broken && setText(known)}
    />
  );
}
