import { Badge, Group, Progress, SegmentedControl, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FileState, UploadRow } from "./uploadQueue";
import classes from "./UploadTable.module.css";

const COLORS: Record<FileState, string> = { waiting: "gray", sending: "blue", checking: "blue", created: "pine", duplicate: "wheat", refused: "red", failed: "red" };
const ROW_PX = 38;
const PROBLEMS: readonly FileState[] = ["duplicate", "refused", "failed"];

function Line({ row }: { row: UploadRow }) {
  const { t } = useTranslation();
  return (
    <>
      <Text size="sm" truncate role="cell" title={row.name}>
        {row.name}
      </Text>
      <div role="cell">
        {row.state === "sending" ? (
          <Progress value={100 * row.sent} size="sm" aria-label={row.name} />
        ) : (
          <Badge color={COLORS[row.state]} size="sm" data-testid="upload-state">
            {t(`upload.state.${row.state}`)}
          </Badge>
        )}
      </div>
      <Text size="sm" c="dimmed" truncate role="cell" title={row.detail}>
        {row.detail}
      </Text>
    </>
  );
}

/** A line per file. Only the visible ones exist, so thousands scroll as easily as ten. */
export function UploadTable({ rows }: { rows: readonly UploadRow[] }) {
  const { t } = useTranslation();
  const [only, setOnly] = useState<"all" | "problems">("all");
  const problems = useMemo(() => rows.filter((row) => PROBLEMS.includes(row.state)), [rows]);
  const shown = only === "all" ? rows : problems;
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => viewport.current, estimateSize: () => ROW_PX, overscan: 12, getItemKey: (index) => shown[index]?.key ?? index });
  return (
    <div>
      <Group justify="flex-end" mb={6}>
        <SegmentedControl
          size="xs"
          value={only}
          onChange={(value) => setOnly(value as "all" | "problems")}
          data={[
            { value: "all", label: t("upload.all", { count: rows.length }) },
            { value: "problems", label: t("upload.problems", { count: problems.length }) },
          ]}
        />
      </Group>
      <div ref={viewport} className={classes["viewport"]} style={{ height: Math.min(280, shown.length * ROW_PX + 4) }} role="region" aria-label={t("upload.table")} tabIndex={0}>
        <div role="table" aria-rowcount={shown.length} aria-label={t("upload.table")} style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = shown[item.index];
            if (row === undefined) return null;
            return (
              <div key={item.key} role="row" aria-rowindex={item.index + 1} className={classes["row"]} style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}>
                <Line row={row} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
