import { Card, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ImagesQuestion, Statistics } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { WideTable } from "@/parts/WideTable";
import classes from "./ConfusionMatrix.module.css";

/** What is true against what was said; a cell opens its images. */
export function ConfusionMatrix({ campaign, statistics, onOpen }: { campaign: Campaign; statistics: Statistics; onOpen: (question: ImagesQuestion) => void }) {
  const { t } = useTranslation();
  const { labels, counts } = statistics.confusion;
  const nothing = t(`statistics.nothingSaid.${statistics.kind}`);
  const name = (id: number | undefined) => (id === undefined ? nothing : (campaign.labels.find((label) => label.id === id)?.name ?? String(id)));
  const ids = [...labels, undefined];
  const rows = statistics.kind === "areas" ? labels : ids; // what is true of pixels that nobody labeled is not known
  return (
    <Card data-testid="confusion">
      <Title order={2} fz={18}>
        {t("statistics.confusion")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t(statistics.multi_label ? "statistics.confusionMulti" : `statistics.confusionText.${statistics.kind}`)}
      </Text>
      <WideTable minWidth={Math.min(2400, 190 + 74 * ids.length)} label={t("statistics.confusion")}>
        <table className={classes["matrix"]}>
          <thead>
            <tr>
              <th scope="col">{t("statistics.trueSaid")}</th>
              {ids.map((id, column) => (
                <th scope="col" key={column} title={name(id)}>
                  <span>{name(id)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, r) => {
              const total = (counts[r] ?? []).reduce((sum, count) => sum + count, 0);
              return (
                <tr key={r}>
                  <th scope="row" title={name(row)}>
                    <span>{name(row)}</span>
                  </th>
                  {ids.map((column, c) => {
                    const count = counts[r]?.[c] ?? 0;
                    const share = total > 0 ? count / total : 0;
                    const right = r === c;
                    const text = t("statistics.cell", { count, true: name(row), said: name(column) });
                    return (
                      <td key={c} data-right={right || undefined} style={{ "--share": share } as React.CSSProperties}>
                        {count === 0 ? (
                          <span className={classes["none"]}>{r === ids.length - 1 && c === ids.length - 1 && statistics.kind !== "labels" ? "" : "0"}</span>
                        ) : (
                          <button type="button" onClick={() => onOpen({ true: row ?? 0, said: column ?? 0 })} aria-label={text} title={text} data-strong={share > 0.55 || undefined} data-testid={`cell-${name(row)}-${name(column)}`}>
                            {count.toLocaleString()}
                          </button>
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </WideTable>
    </Card>
  );
}
