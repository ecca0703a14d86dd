import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Labeling.module.css";

interface Props {
  name: ReactNode;
  testId: string;
  value: number;
  min: number;
  max: number;
  step: number;
  /** As a person reads it: "65 %". */
  text: string;
  onChange: (value: number) => void;
  /** Given when the value is not where it was at first. */
  reset?: { readonly title: string; readonly run: () => void } | undefined;
}

/** A named slider that says its value, and goes back where it came from. */
export function Slider({ name, testId, value, min, max, step, text, onChange, reset }: Props) {
  return (
    <div className={classes["sliderRow"]}>
      <label className={classes["slider"]}>
        <span>{name}</span>
        <output>{text}</output>
        <input type="range" min={min} max={max} step={step} value={value} aria-valuetext={text} data-testid={testId} onChange={(event) => onChange(Number(event.currentTarget.value))} />
      </label>
      {reset && (
        <Button variant="subtle" color="gray" size="compact-xs" px={5} aria-label={reset.title} title={reset.title} data-testid={`${testId}-reset`} onClick={reset.run}>
          ×
        </Button>
      )}
    </div>
  );
}
