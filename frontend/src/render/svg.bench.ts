/** The peer that many labeling tools are: one SVG path a shape, moved by a transform of their group. */
import type { Annotation, Point } from "../core/types";
import { kindOf } from "../shapes/kinds";

const NS = "http://www.w3.org/2000/svg";

function element<K extends keyof SVGElementTagNameMap>(name: K, attributes: Readonly<Record<string, string>>): SVGElementTagNameMap[K] {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function pathOf({ shape }: Annotation): string {
  return kindOf(shape).outline(shape).lines.map((line) => `M${line.map(([x, y]) => `${x} ${y}`).join("L")}Z`).join("");
}

function frame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

export interface SvgPage {
  readonly first_render_ms: number;
  dispose(): void;
}

/** Draw, and pan with the middle button and zoom with the wheel, as such pages do. */
export async function svgPage(target: HTMLElement, all: readonly Annotation[], size: number, color: (label: number) => string): Promise<SvgPage> {
  const began = performance.now();
  const svg = element("svg", { width: "100%", height: "100%" });
  const group = element("g", {});
  for (const annotation of all) group.append(element("path", { d: pathOf(annotation), stroke: color(annotation.label), fill: `${color(annotation.label)}22`, "stroke-width": "2.5", "vector-effect": "non-scaling-stroke" }));
  svg.append(group);
  target.append(svg);
  let scale = Math.min(target.clientWidth, target.clientHeight) / size;
  let at: Point = [0, 0];
  const place = (): void => group.setAttribute("transform", `translate(${at[0]} ${at[1]}) scale(${scale})`);
  place();
  await frame();
  await frame();
  const first_render_ms = performance.now() - began;
  const move = (event: PointerEvent): void => {
    if (event.buttons === 0) return;
    at = [at[0] + event.movementX, at[1] + event.movementY];
    place();
  };
  const wheel = (event: WheelEvent): void => {
    scale *= Math.exp(-event.deltaY / 300);
    place();
  };
  target.addEventListener("pointermove", move);
  target.addEventListener("wheel", wheel, { passive: true });
  return {
    first_render_ms,
    dispose() {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("wheel", wheel);
      svg.remove();
    },
  };
}
