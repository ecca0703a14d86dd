/** The page that `benchmarks/canvas.py` drives: the labeling page's viewer beside a bare OpenLayers VectorImage layer. */
import Feature from "ol/Feature.js";
import Polygon from "ol/geom/Polygon.js";
import VectorImageLayer from "ol/layer/VectorImage.js";
import "ol/ol.css";
import OlMap from "ol/Map.js";
import VectorSource from "ol/source/Vector.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import View from "ol/View.js";
import { humanAnnotation } from "../actions/annotations";
import { setVertex } from "../actions/vertices";
import { difference, documentOf } from "../core/document";
import type { Annotation, Point } from "../core/types";
import { Session } from "../modes/session";
import { polygonOf } from "../shapes/polygon/geometry";
import { imageExtent, pixelProjection, toView } from "./space";
import { svgPage, type SvgPage } from "./svg.bench";
import { Viewer } from "./viewer";

const SIZE = { width: 4000, height: 4000 };
const LABELS = new Map([1, 2, 3].map((id) => [id, { name: `label ${id}`, color: ["#1f77e0", "#e0a81f", "#d6336c"][id - 1] ?? "#000000" }]));
const PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==";

/** A small generator with a seed (mulberry32), so that every run draws the same. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function annotations(count: number, vertices: number): Annotation[] {
  const next = random(7);
  return Array.from({ length: count }, (_, at) => {
    const [x, y] = [30 + next() * (SIZE.width - 60), 30 + next() * (SIZE.height - 60)];
    const corners = Array.from({ length: vertices }, (_unused, corner): Point => {
      const [angle, radius] = [(2 * Math.PI * corner) / vertices, 16 * (0.7 + 0.6 * next())];
      return [x + Math.cos(angle) * radius, y + Math.sin(angle) * radius];
    });
    return humanAnnotation(`p${at}`, (at % 3) + 1, polygonOf(corners));
  });
}

function target(): HTMLElement {
  const element = document.getElementById("canvas");
  if (!element) throw new Error("bench/index.html has no #canvas");
  return element;
}

async function timed(start: () => OlMap): Promise<number> {
  const began = performance.now();
  const map = start();
  await new Promise<void>((resolve) => void map.once("rendercomplete", () => resolve()));
  return performance.now() - began;
}

/** The peer: features straight into one VectorImage layer, one style a label, nothing else. */
async function bare(all: readonly Annotation[]): Promise<number> {
  const shown: { map?: OlMap } = {};
  const took = await timed(() => {
    const styles = new Map([...LABELS].map(([id, { color }]) => [id, new Style({ stroke: new Stroke({ color, width: 2.5 }), fill: new Fill({ color: `${color}22` }) })]));
    const features = all.map((annotation) => {
      const shape = annotation.shape.type === "polygon" ? (annotation.shape.polygons[0] ?? []) : [];
      const feature = new Feature(new Polygon(shape.map((ring) => ring.map(toView))));
      feature.setStyle(styles.get(annotation.label));
      return feature;
    });
    const layer = new VectorImageLayer({ source: new VectorSource({ features }), imageRatio: 2 });
    const view = new View({ projection: pixelProjection(SIZE) });
    shown.map = new OlMap({ target: target(), layers: [layer], controls: [], view });
    view.fit(imageExtent(SIZE), { size: shown.map.getSize() ?? [1, 1], padding: [28, 28, 28, 28] });
    return shown.map;
  });
  shown.map?.setTarget(undefined);
  shown.map?.dispose();
  return took;
}

let viewer: Viewer | null = null;
let session: Session | null = null;

/** Ours: document, history, R-tree, session and viewer, as the labeling page makes them. */
async function ours(all: readonly Annotation[]): Promise<number> {
  viewer?.dispose();
  return timed(() => {
    viewer = new Viewer();
    viewer.attach(target());
    viewer.setLabels(LABELS);
    session = new Session({ size: SIZE, document: documentOf(all), label: 1, thresholds: { all: 0.5, byLabel: {} } });
    viewer.show(session, { kind: "file", size: SIZE, url: PIXEL });
    return viewer.map;
  });
}

let counting: { count: number; longest_ms: number; began: number; last: number } | null = null;

/** Count frames from now on; the longest gap shows a stall that the mean hides. */
function countFrames(): void {
  const now = performance.now();
  const counted = { count: 0, longest_ms: 0, began: now, last: now };
  counting = counted;
  const frame = (at: number): void => {
    if (counting !== counted) return;
    counted.count += 1;
    counted.longest_ms = Math.max(counted.longest_ms, at - counted.last);
    counted.last = at;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function framesCounted(): { fps: number; longest_ms: number } {
  const counted = counting;
  counting = null;
  return counted ? { fps: (counted.count * 1000) / (counted.last - counted.began), longest_ms: counted.longest_ms } : { fps: NaN, longest_ms: NaN };
}

/** What one moved vertex costs before it is on the wire: the action, the difference, the text. */
function patchOfOneVertex(): number {
  if (!session) return NaN;
  const before = session.document();
  const began = performance.now();
  JSON.stringify(difference(before, setVertex(before, "p5000", "0.0.3", [100, 100], SIZE)));
  return performance.now() - began;
}

/** Edit the object nearest to the middle, and say where one of its vertices is on the page. */
function editInTheMiddle(): Point | null {
  const middle: Point = [SIZE.width / 2, SIZE.height / 2];
  const id = session?.hits(middle, 200)[0];
  if (!session || !viewer || id === undefined) return null;
  session.select([id]);
  session.setMode("edit");
  const shape = session.document().get(id)?.shape;
  const vertex = shape?.type === "polygon" ? shape.polygons[0]?.[0]?.[0] : undefined;
  return vertex ? viewer.toScreen(vertex) : null;
}

let svg: SvgPage | null = null;

/** The other peer: first render in milliseconds; it stays on the page until `noSvg`. */
async function svgFirst(all: readonly Annotation[]): Promise<number> {
  viewer?.dispose();
  viewer = null;
  svg = await svgPage(target(), all, SIZE.width, (label) => LABELS.get(label)?.color ?? "#000000");
  return svg.first_render_ms;
}

function noSvg(): void {
  svg?.dispose();
  svg = null;
}

/** One detailed outline among a few hundred others: a coast of so many vertices. */
function coast(vertices: number): Annotation[] {
  const next = random(11);
  const corners = Array.from({ length: vertices }, (_unused, at): Point => {
    const angle = (2 * Math.PI * at) / vertices;
    const radius = 1500 + 120 * Math.sin(angle * 9) + 30 * next();
    return [SIZE.width / 2 + Math.cos(angle) * radius, SIZE.height / 2 + Math.sin(angle) * radius];
  });
  return [humanAnnotation("coast", 1, polygonOf(corners)), ...annotations(300, 30)];
}

/** Edit the detailed outline, and say where one of its vertices is on the page. */
function editCoast(): Point | null {
  if (!session || !viewer) return null;
  session.select(["coast"]);
  session.setMode("edit");
  const first = session.document().get("coast")?.shape;
  const vertex = first?.type === "polygon" ? first.polygons[0]?.[0]?.[0] : undefined;
  return vertex ? viewer.toScreen(vertex) : null;
}

/** Where the first vertex of the detailed outline is by now. */
function coastVertex(): Point | null {
  const shape = session?.document().get("coast")?.shape;
  return shape?.type === "polygon" ? (shape.polygons[0]?.[0]?.[0] ?? null) : null;
}

const bench = { annotations, coast, editCoast, coastVertex, svgFirst, noSvg, bare, ours, countFrames, framesCounted, patchOfOneVertex, editInTheMiddle };

declare global {
  interface Window {
    bench: typeof bench;
  }
}

window.bench = bench;
