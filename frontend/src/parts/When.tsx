import { Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

const FORMAT = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60]];

/** "3 min. ago", for times that people compare with now. */
export function ago(time: string, now: number = Date.now()): string | null {
  const seconds = (Date.parse(time) - now) / 1000;
  if (Math.abs(seconds) < 45) return null;
  if (Math.abs(seconds) > 14 * 86_400) return new Date(time).toLocaleDateString();
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length * 0.95) ?? (["minute", 60] as const);
  return FORMAT.format(Math.round(seconds / size), unit);
}

export function When({ time }: { time: string | null }) {
  const { t } = useTranslation();
  if (time === null) return <Text size="sm">–</Text>;
  return (
    <Tooltip label={new Date(time).toLocaleString()}>
      <Text size="sm" c="dimmed" component="time" dateTime={time} style={{ whiteSpace: "nowrap" }}>
        {ago(time) ?? t("states.justNow")}
      </Text>
    </Tooltip>
  );
}
