import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./RawAnswer.module.css";

interface Props {
  text: string;
  /** Where the wrong place begins and ends. */
  mark: readonly number[] | null;
}

/** An answer as it came, scrolled to the place that was wrong. */
export function RawAnswer({ text, mark }: Props) {
  const { t } = useTranslation();
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = place.current;
    const box = element?.parentElement;
    if (element !== null && box !== null && box !== undefined) box.scrollTop = Math.max(0, element.offsetTop - box.clientHeight / 3);
  }, [text, mark]);
  // The server counts characters, a string of this language counts halves of some.
  const letters = [...text];
  const [start, end] = mark ?? [letters.length, letters.length];
  return (
    <pre className={classes["raw"]} tabIndex={0} data-testid="raw-answer">
      {letters.slice(0, start).join("")}
      {mark !== null && (
        <mark ref={place} className={classes["wrong"]} aria-label={t("test.wrongPlace")} data-testid="wrong-place">
          {letters.slice(start, end).join("")}
        </mark>
      )}
      {letters.slice(end).join("")}
    </pre>
  );
}
