import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import { askable, labeled, shares } from "./counts";
import classes from "./StateBar.module.css";

/** How far the labeling has come, as a bar with its figures. */
export function StateBar({ counts, legend = true }: { counts: Campaign["counts"]; legend?: boolean }) {
  const { t } = useTranslation();
  const parts = shares(counts).filter((part) => part.count > 0);
  const total = askable(counts);
  return (
    <div>
      <div className={classes["bar"]} role="img" aria-label={t("campaigns.labeledOf", { labeled: labeled(counts), images: total })}>
        {parts
          .filter((part) => part.name !== "unlabeled")
          .map((part) => (
            <span key={part.name} className={classes[part.name]} style={{ width: `${(100 * part.count) / Math.max(1, total)}%` }} />
          ))}
      </div>
      {legend && (
        <Group gap="md" mt={8}>
          {parts.map((part) => (
            <Group key={part.name} gap={6} wrap="nowrap">
              <span className={`${classes["dot"]} ${classes[part.name]}`} />
              <Text size="xs" c="dimmed" className="winnow-numbers">
                {part.count.toLocaleString()} {t(`images.state.${part.name}`)}
              </Text>
            </Group>
          ))}
        </Group>
      )}
    </div>
  );
}
