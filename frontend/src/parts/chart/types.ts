import type { EChartsCoreOption } from "echarts/core";

export interface ChartPalette {
  text: string;
  line: string;
  surface: string;
  muted: string;
  series: [string, string, string, string];
}

export interface ChartProps {
  /** Keep it stable (useCallback): the chart is redrawn when it changes. */
  option: (palette: ChartPalette) => EChartsCoreOption;
  label: string;
  height?: number;
  /** Dragged or clicked to: where, in the values of the axes. The same must be reachable by the keyboard beside the chart. */
  onPoint?: (x: number, y: number) => void;
}

/** An axis in the page's quiet colours. */
export function axis(palette: ChartPalette, name: string): Record<string, unknown> {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameTextStyle: { color: palette.text, fontSize: 12 },
    axisLabel: { color: palette.text, fontSize: 11.5 },
    axisLine: { lineStyle: { color: palette.line } },
    splitLine: { lineStyle: { color: palette.line } },
  };
}
