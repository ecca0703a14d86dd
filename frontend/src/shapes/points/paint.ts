/** Points with their skeleton: edges in the colours of the sides, a square for left, a triangle for right, hollow for hidden. */
import MultiPoint from "ol/geom/MultiPoint.js";
import MultiLineString from "ol/geom/MultiLineString.js";
import Point from "ol/geom/Point.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import type ImageStyle from "ol/style/Image.js";
import RegularShape from "ol/style/RegularShape.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { boundsOf } from "../../core/geometry";
import { SIDE_COLORS, sideOf, sideOfEdge, type Side, type Skeleton } from "../../core/skeleton";
import { toView } from "../../render/space";
import type { Look, Painter } from "../painter";
import { isThere } from "./actions";
import type { NamedPoint, PointsShape } from "./shape";

const RIM = "rgba(16, 24, 22, 0.8)";
const DRAFT_DASH_PX = [6, 5];
/** Names are shown where each has about this much room on the page, along either side of the object. */
const ROOM_PX = 17;

const images = new Map<string, ImageStyle>();

function imageOf(side: Side, v: number, color: string, { draft, emphasis }: Look): ImageStyle {
  const key = [side, v, color, draft, emphasis].join();
  const known = images.get(key) ?? makeImage(side, v, color, draft, emphasis === "plain" ? 4.5 : 6);
  images.set(key, known);
  return known;
}

function makeImage(side: Side, v: number, color: string, draft: boolean, radius: number): ImageStyle {
  const hollow = v === 1;
  const fill = new Fill({ color: hollow ? RIM : draft ? color + "66" : color });
  const stroke = new Stroke({ color: hollow || draft ? color : "#ffffff", width: 2 });
  if (side === "left") return new RegularShape({ points: 4, angle: Math.PI / 4, radius: radius + 1.5, fill, stroke });
  if (side === "right") return new RegularShape({ points: 3, radius: radius + 2, fill, stroke });
  return new CircleStyle({ radius, fill, stroke });
}

function colorOf(side: Side, look: Look): string {
  return side === "middle" ? look.color : SIDE_COLORS[side];
}

function edgeStyles(points: readonly NamedPoint[], skeleton: Skeleton, look: Look): Style[] {
  const there = new Map(points.map(({ name, x, y }) => [name, toView([x, y])]));
  const lines: Record<Side, number[][][]> = { left: [], right: [], middle: [] };
  for (const edge of skeleton.edges) {
    const [a, b] = [there.get(edge[0]), there.get(edge[1])];
    if (a && b) lines[sideOfEdge(skeleton, edge)].push([a, b]);
  }
  const width = look.emphasis === "plain" ? 2 : 2.5;
  const dash = look.draft ? { lineDash: DRAFT_DASH_PX, lineCap: "butt" as const } : {};
  return (Object.entries(lines) as [Side, number[][][]][]).flatMap(([side, edges]) => {
    if (edges.length === 0) return [];
    const geometry = new MultiLineString(edges);
    const rim = new Stroke({ color: look.emphasis === "selected" ? "rgba(255, 255, 255, 0.95)" : RIM, width: width + 2 });
    return [new Style({ geometry, stroke: rim }), new Style({ geometry, stroke: new Stroke({ color: colorOf(side, look), width, ...dash }) })];
  });
}

const PLATE = new Fill({ color: "rgba(16, 20, 19, 0.82)" });
const INK = new Fill({ color: "#ffffff" });

function nameStyle(point: NamedPoint): Style {
  const text = new Text({ text: point.name, font: "600 11px 'Inter Variable', system-ui, sans-serif", fill: INK, backgroundFill: PLATE, padding: [1, 3, 0, 3], textAlign: "left", offsetX: 10, overflow: true });
  return new Style({ geometry: new Point(toView([point.x, point.y])), text, zIndex: 1 });
}

/** Names only of what is hovered or selected, and only from close. */
function showsNames(points: readonly NamedPoint[], { emphasis, resolution }: Look): boolean {
  if (emphasis === "plain") return false;
  const bounds = boundsOf(points.map(({ x, y }) => [x, y]));
  if (!bounds || points.length < 2) return true;
  return Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / resolution >= ROOM_PX * Math.sqrt(points.length) * 1.5;
}

function stylesOf(shape: PointsShape, look: Look): readonly Style[] {
  const { skeleton } = look;
  const there = shape.points.filter(isThere);
  const edges = skeleton ? edgeStyles(there, skeleton, look) : [];
  const marks = there.map((point) => {
    const side = skeleton ? sideOf(skeleton, point.name) : "middle";
    return new Style({ geometry: new Point(toView([point.x, point.y])), image: imageOf(side, point.v, colorOf(side, look), look) });
  });
  const names = showsNames(there, look) ? there.filter(({ name }) => name !== "").map(nameStyle) : [];
  return [...edges, ...marks, ...names];
}

/** Styles are made once for a shape and a look of it: the picture of all shapes asks for them again and again. */
const known = new WeakMap<PointsShape, { readonly key: string; readonly skeleton: Skeleton | null; readonly styles: readonly Style[] }>();

const painter: Painter<PointsShape> = {
  geometry(shape) {
    const there = shape.points.filter(isThere);
    return there.length > 0 ? new MultiPoint(there.map((point) => toView([point.x, point.y]))) : null;
  },
  style(shape, look) {
    const named = look.emphasis !== "plain" && showsNames(shape.points.filter(isThere), look);
    const key = [look.color, look.draft, look.emphasis, named].join();
    const found = known.get(shape);
    if (found?.key === key && found.skeleton === look.skeleton) return found.styles;
    const styles = stylesOf(shape, look);
    known.set(shape, { key, skeleton: look.skeleton, styles });
    return styles;
  },
};

export default painter;
