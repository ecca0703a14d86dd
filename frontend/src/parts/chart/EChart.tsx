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

/** Tell where the pointer presses and drags, in values of the axes; a press outside of the grid is none. */
function listen(chart: echarts.ECharts, told: () => ChartProps["onPoint"]): void {
  const surface = chart.getZr();
  let held = false;
  const tell = (event: { offsetX: number; offsetY: number }) => {
    const point = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    if (Array.isArray(point) && typeof point[0] === "number" && typeof point[1] === "number") told()?.(point[0], point[1]);
  };
  surface.on("mousedown", (event) => {
    held = told() !== undefined && chart.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    if (held) tell(event);
  });
  surface.on("mousemove", (event) => {
    if (held) tell(event);
  });
  surface.on("mouseup", () => (held = false));
  surface.on("globalout", () => (held = false));
}

/** ECharts in the page's colours. The chart is a picture for eyes; `label` and the table beside it say the same. */
export default function EChart({ option, label, height = 280, onPoint }: ChartProps) {
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
  const pointed = useRef(onPoint);
  useEffect(() => {
    pointed.current = onPoint;
  }, [onPoint]);
  useEffect(() => {
    if (box.current === null) return undefined;
    const made = echarts.init(box.current, null, { renderer: "canvas" });
    chart.current = made;
    listen(made, () => pointed.current);
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
  return <div ref={box} role="img" aria-label={label} style={{ width: "100%", height, ...(onPoint === undefined ? {} : { touchAction: "pan-y" }) }} />;
}
