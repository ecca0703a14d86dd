import { useComputedColorScheme } from "@mantine/core";
import { CustomChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkPointComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { ChartPalette, ChartProps } from "./types";

echarts.use([LineChart, CustomChart, GridComponent, TooltipComponent, LegendComponent, MarkPointComponent, CanvasRenderer]);

const PALETTES: Record<"light" | "dark", ChartPalette> = {
  light: { text: "#56524a", line: "#e2ded4", surface: "#ffffff", series: ["#0f6a5f", "#b45309", "#1b4f8f", "#9d2f6b"], muted: "#8f897b" },
  dark: { text: "#bdc7c4", line: "#333d3b", surface: "#1b2120", series: ["#5cc2b2", "#eaa94b", "#8fb8f0", "#e48bbd"], muted: "#74817d" },
};

/** ECharts in the page's colours. The chart is a picture for eyes; `label` and the table beside it say the same. */
export default function EChart({ option, label, height = 280 }: ChartProps) {
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
  useEffect(() => {
    if (box.current === null) return undefined;
    const made = echarts.init(box.current, null, { renderer: "canvas" });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const palette = PALETTES[scheme];
    chart.current?.setOption({ textStyle: { fontFamily: "'Inter Variable', sans-serif" }, animation: false, ...option(palette) }, { notMerge: true });
  }, [option, scheme]);
  return <div ref={box} role="img" aria-label={label} style={{ width: "100%", height }} />;
}
