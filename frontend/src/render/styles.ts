/** Colours and strokes. Styles are shared, so ten thousand shapes need a handful of them. */
import type Geometry from "ol/geom/Geometry.js";
import Point from "ol/geom/Point.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import RegularShape from "ol/style/RegularShape.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { Handle } from "../core/kinds";
import type { Emphasis, Look } from "../shapes/painter";

const STROKE_PX: Record<Emphasis, number> = { plain: 2.5, hovered: 3, selected: 3 };
const FILL_ALPHA: Record<Emphasis, string> = { plain: "22", hovered: "3d", selected: "33" };
const DRAFT_DASH_PX = [7, 7] as const;
const HALO = "rgba(0, 0, 0, 0.42)";
const LIGHT_HALO = "rgba(255, 255, 255, 0.95)";

const styles = new Map<string, Style[]>();

/** Stroke and fill in the label's colour; a dark line below keeps it visible on every image. */
export function shapeStyle(look: Look, halo: boolean): Style[] {
  const key = `${look.color}|${look.draft}|${look.emphasis}|${halo}`;
  const known = styles.get(key) ?? makeShapeStyle(look, halo);
  styles.set(key, known);
  return known;
}

function makeShapeStyle({ color, draft, emphasis }: Look, halo: boolean): Style[] {
  const width = STROKE_PX[emphasis];
  const dash = draft ? { lineDash: [...DRAFT_DASH_PX], lineCap: "butt" as const } : {};
  // A pixel longer at either end, so that every dash has a dark rim.
  const rim = draft ? { lineDash: [DRAFT_DASH_PX[0] + 2, DRAFT_DASH_PX[1] - 2], lineDashOffset: 1, lineCap: "butt" as const } : {};
  const under = new Style({ stroke: new Stroke({ color: emphasis === "selected" ? LIGHT_HALO : HALO, width: width + 2, ...rim }) });
  const line = new Style({ stroke: new Stroke({ color, width, ...dash }), fill: new Fill({ color: color + FILL_ALPHA[emphasis] }) });
  return halo || emphasis === "selected" ? [under, line] : [line];
}

const FONT = "600 12px 'Inter Variable', system-ui, sans-serif";
const INK = new Fill({ color: "#ffffff" });
const PLATE = new Fill({ color: "rgba(16, 20, 19, 0.82)" });

/** A small plate above the top left of a shape, clear of a handle or the name of a point there: "93 %", or "Water 93 %". */
export function tagStyle(text: string): Style {
  return new Style({
    geometry: (feature) => topLeft(feature.getGeometry() as Geometry | undefined),
    text: new Text({ text, font: FONT, fill: INK, backgroundFill: PLATE, padding: [2, 4, 1, 4], textAlign: "left", textBaseline: "bottom", offsetY: -10, offsetX: 4, overflow: true }),
    zIndex: 1,
  });
}

function topLeft(geometry: Geometry | undefined): Point | undefined {
  if (!geometry) return undefined;
  const [minX = 0, , , maxY = 0] = geometry.getExtent();
  return new Point([minX, maxY]);
}

export const SKETCH_STYLES = [
  new Style({ stroke: new Stroke({ color: HALO, width: 4.5 }) }),
  new Style({ stroke: new Stroke({ color: "#ffffff", width: 2, lineDash: [1, 0] }), fill: new Fill({ color: "rgba(255, 255, 255, 0.12)" }) }),
];

export const DOT_STYLE = new Style({ image: new CircleStyle({ radius: 4, fill: new Fill({ color: "#ffffff" }), stroke: new Stroke({ color: "#10201c", width: 1.5 }) }) });

/** A point is drawn already, with its own meaning: its handle is a ring around it, and only where the pointer is. */
const POINT_RING = new CircleStyle({ radius: 9, stroke: new Stroke({ color: "#e8b03a", width: 2.5 }) });
const NO_RING = new CircleStyle({ radius: 1 });

function handleImage(role: Handle["role"], active: boolean): CircleStyle | RegularShape {
  if (role === "point") return active ? POINT_RING : NO_RING;
  const fill = new Fill({ color: active ? "#e8b03a" : "#ffffff" });
  const stroke = new Stroke({ color: "#10201c", width: 1.5 });
  const radius = active ? 6.5 : 5;
  return role === "vertex" || role === "turn" ? new CircleStyle({ radius, fill, stroke }) : new RegularShape({ points: 4, angle: Math.PI / 4, radius: radius + 1.5, fill, stroke });
}

const handles = new Map<string, Style>();

export function handleStyle(role: Handle["role"], active: boolean): Style {
  const key = `${role}|${active}`;
  const known = handles.get(key) ?? new Style({ image: handleImage(role, active), zIndex: active ? 2 : 1 });
  handles.set(key, known);
  return known;
}
