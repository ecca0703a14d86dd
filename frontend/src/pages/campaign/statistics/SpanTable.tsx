import { NumberInput, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Abstention, Span, Spans } from "@/api/abstention";
import type { Thresholds } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { LabelChip } from "@/parts/LabelChip";
import { WideTable } from "@/parts/WideTable";
import { decidedOf, withEnd } from "./spans";
import { shown } from "./figures";

interface Props {
  campaign: Campaign;
  shares: Abstention["decided"]["labels"];
  spans: Spans;
  thresholds: Thresholds;
  /** Objects are counted, not labels of images. */
  objects: boolean;
  onChange: (spans: Spans) => void;
}

/** Each label with both ends of its span, and what is decided outside it. */
export function SpanTable({ campaign, shares, spans, thresholds, objects, onChange }: Props) {
  const { t } = useTranslation();
  const end = (label: number, name: string, which: keyof Span) => {
    const threshold = thresholds[String(label)] ?? 0;
    return (
      <NumberInput
        size="xs" w={84} min={0} max={1} step={0.01} decimalScale={3} aria-label={t(`statistics.spanEnd.${which}`, { name })} data-testid={`span-${which}-${name}`}
        value={spans[String(label)]?.[which] ?? threshold} onChange={(value) => typeof value === "number" && onChange(withEnd(spans, label, which, value, threshold))}
      />
    );
  };
  return (
    <WideTable minWidth={640} label={t("statistics.abstention")}>
      <Table className="winnow-numbers" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            {(["label", "low", "high", "unsure", "decided", "right", "missed"] as const).map((column) => (
              <Table.Th key={column} style={{ whiteSpace: "nowrap" }}>
                {t(`statistics.spanColumn.${column}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shares.map((share) => {
            const label = campaign.labels.find((one) => one.id === share.label_id);
            const name = label?.name ?? String(share.label_id);
            const { decided, right } = decidedOf(share, objects);
            return (
              <Table.Tr key={share.label_id} data-testid={`span-row-${name}`}>
                <Table.Th scope="row">{label === undefined ? name : <LabelChip label={label} />}</Table.Th>
                <Table.Td>{end(share.label_id, name, "low")}</Table.Td>
                <Table.Td>{end(share.label_id, name, "high")}</Table.Td>
                <Table.Td>{share.unsure.toLocaleString()}</Table.Td>
                <Table.Td>{decided.toLocaleString()}</Table.Td>
                <Table.Td>{shown(right)}</Table.Td>
                <Table.Td>{share.missed.toLocaleString()}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}
