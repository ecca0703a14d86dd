/**
 * Shapes on the canvas: most of them lie in one pre-rendered picture (VectorImage), so panning costs nothing; what is
 * hovered, selected, dragged or newer than that picture is drawn live in a small layer above it.
 */
import Feature from "ol/Feature.js";
import type Geometry from "ol/geom/Geometry.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorImageLayer from "ol/layer/VectorImage.js";
import VectorSource from "ol/source/Vector.js";
import type Style from "ol/style/Style.js";
import { difference, EMPTY_DOCUMENT, isEmptyPatch, type AnnotationDocument } from "../core/document";
import { confidenceColor } from "../core/confidence-scale";
import { shadeOf } from "../core/shades";
import { isDraft, isShown, type Visibility } from "../core/review";
import { readSkeleton, type SkeletonDocument } from "../core/skeleton";
import type { Annotation } from "../core/types";
import { DEFAULT_VIEW, type ViewChoice } from "../core/view";
import type { SessionState } from "../modes/session";
import type { Emphasis, Look } from "../shapes/painter";
import { ObjectShades } from "../shapes/object-shades";
import { painterOf } from "../shapes/painters";
import { shapeStyle, tagStyle } from "./styles";

/** Above this many shapes the picture is made again only after a moment of rest. */
const AT_ONCE = 1_500;
const REST_MS = 350;
/** Shapes smaller than this on screen carry no text. */
const SMALLEST_TAGGED_PX = 26;
const IMAGE_RATIO = 2;

export interface LabelLook {
  readonly name: string;
  readonly color: string;
  readonly skeleton?: SkeletonDocument;
}

const UNKNOWN: LabelLook = { name: "?", color: "#9aa0a6" };

type ShapeFeature = Feature<Geometry>;

export class ShapeLayers {
  readonly base: VectorImageLayer;
  readonly live: VectorLayer;
  private readonly baseSource = new VectorSource<ShapeFeature>({ useSpatialIndex: true });
  private readonly liveSource = new VectorSource<ShapeFeature>({ useSpatialIndex: false });
  private drawn: AnnotationDocument = EMPTY_DOCUMENT;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private labels: ReadonlyMap<number, LabelLook> = new Map();
  private seen: SessionState | null = null;
  private shades = new ObjectShades();
  private view: Pick<ViewChoice, "names" | "colorBy" | "opacity"> = DEFAULT_VIEW;

  constructor() {
    const style = (feature: unknown, resolution: number): Style[] => this.styleOf(feature as ShapeFeature, resolution);
    this.base = new VectorImageLayer({ source: this.baseSource, imageRatio: IMAGE_RATIO, style, zIndex: 10 });
    this.live = new VectorLayer({ source: this.liveSource, updateWhileAnimating: true, updateWhileInteracting: true, style, zIndex: 20 });
  }

  /** So many shapes that drawing them all takes longer than a frame. */
  isLarge(): boolean {
    return this.drawn.size >= AT_ONCE;
  }

  setLabels(labels: ReadonlyMap<number, LabelLook>): void {
    this.labels = labels;
    this.base.changed();
    this.live.changed();
  }

  /** Names, colours, and how strongly objects cover the picture; what is in hand stays strong. */
  setView({ names, colorBy, opacity }: ViewChoice): void {
    const redraw = names !== this.view.names || colorBy !== this.view.colorBy;
    this.view = { names, colorBy, opacity };
    this.base.setOpacity(opacity);
    if (!redraw) return;
    if (this.seen) this.syncShades(this.seen);
    this.base.changed();
    this.live.changed();
  }

  /** Forget everything: another image comes. */
  clear(): void {
    this.cancel();
    this.baseSource.clear(true);
    this.liveSource.clear(true);
    this.drawn = EMPTY_DOCUMENT;
    this.shades = new ObjectShades();
    this.seen = null;
  }

  private colorFor(annotation: Annotation, label: LabelLook): string {
    if (this.view.colorBy === "confidence") return confidenceColor(annotation.confidence);
    return this.view.colorBy === "object" ? shadeOf(label.color, this.shades.of(annotation.id)) : label.color;
  }

  /** Only while they are shown: thousands of objects take a moment. */
  private syncShades({ history }: SessionState): void {
    if (this.view.colorBy === "object") this.shades.sync(history.present.document);
  }

  colorOf(label: number): string {
    return (this.labels.get(label) ?? UNKNOWN).color;
  }

  sync(state: SessionState): void {
    // A pointer that moves changes the overlay alone: the shapes need no new frame for that.
    if (this.seen && looksAlike(this.seen, state)) return;
    this.seen = state;
    this.syncShades(state);
    const shown = shownDocument(state.history.present.document, state);
    const dragged = new Set(state.preview.map((annotation) => annotation.id));
    const few = shown.size < AT_ONCE || this.drawn.size === 0;
    if (few) this.drawBase(without(shown, dragged));
    else this.drawBaseSoon(without(shown, unseen(state.preview)));
    this.drawLive(state, shown, dragged);
  }

  private drawBase(target: AnnotationDocument): void {
    this.cancel();
    const change = difference(this.drawn, target);
    this.drawn = target;
    for (const id of [...change.delete, ...change.upsert.map((annotation) => annotation.id)]) {
      const feature = this.baseSource.getFeatureById(id);
      if (feature) this.baseSource.removeFeature(feature);
    }
    const features = change.upsert.flatMap((annotation) => this.featureOf(annotation, "plain") ?? []);
    if (features.length > 0) this.baseSource.addFeatures(features);
  }

  private drawBaseSoon(target: AnnotationDocument): void {
    this.cancel();
    if (target !== this.drawn && !isEmptyPatch(difference(this.drawn, target))) this.timer = setTimeout(() => this.drawBase(target), REST_MS);
  }

  /** Draw what is dragged, selected, hovered, or newer than the picture below. */
  private drawLive(state: SessionState, shown: AnnotationDocument, dragged: ReadonlySet<string>): void {
    const newer = this.timer === null ? [] : difference(this.drawn, shown).upsert;
    const lifted = [...state.selection, ...(state.hovered === null ? [] : [state.hovered])].flatMap((id) => shown.get(id) ?? []);
    const live = new Map([...newer, ...lifted].filter((annotation) => !dragged.has(annotation.id)).map((annotation) => [annotation.id, annotation]));
    for (const annotation of state.preview) live.set(annotation.id, annotation);
    const features = [...live.values()].flatMap((annotation) => this.featureOf(annotation, emphasisOf(annotation.id, state)) ?? []);
    // Nothing before and nothing now, as while a mode draws the object in hand by itself: the map needs no new frame.
    if (features.length === 0 && this.liveSource.getFeatures().length === 0) return;
    this.liveSource.clear(true);
    this.liveSource.addFeatures(features);
  }

  private featureOf(annotation: Annotation, emphasis: Emphasis): ShapeFeature | null {
    const geometry = painterOf(annotation.shape).geometry(annotation.shape);
    if (!geometry) return null;
    const feature = new Feature(geometry);
    feature.setId(annotation.id);
    feature.set("annotation", annotation, true);
    feature.set("emphasis", emphasis, true);
    return feature;
  }

  private styleOf(feature: ShapeFeature, resolution: number): Style[] {
    const annotation = feature.get("annotation") as Annotation;
    const emphasis = feature.get("emphasis") as Emphasis;
    const label = this.labels.get(annotation.label) ?? UNKNOWN;
    const color = this.colorFor(annotation, label);
    const look: Look = { color, draft: isDraft(annotation), emphasis, skeleton: readSkeleton(label.skeleton), resolution };
    const own = painterOf(annotation.shape).style?.(annotation.shape, look);
    const styles = raised(own ? [own].flat() : shapeStyle(look, this.drawn.size < AT_ONCE), annotation.z ?? 0);
    const tag = this.tagOf(annotation, label, emphasis, feature, resolution);
    return tag === null ? styles : [...styles, tagStyle(tag)];
  }

  private tagOf(annotation: Annotation, label: LabelLook, emphasis: Emphasis, feature: ShapeFeature, resolution: number): string | null {
    const { names } = this.view;
    const confidence = isDraft(annotation) && annotation.confidence !== null ? percent(annotation.confidence) : "";
    if (names === "none") return null;
    const text = emphasis !== "plain" || names === "all" ? `${label.name} ${confidence}`.trim() : confidence;
    if (emphasis !== "plain") return text;
    if (text === "" || this.drawn.size >= AT_ONCE) return null;
    const [minX = 0, , maxX = 0] = feature.getGeometry()?.getExtent() ?? [];
    return (maxX - minX) / resolution >= SMALLEST_TAGGED_PX ? text : null;
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Styles are shared, so those of an object with a height of its own are copies. */
function raised(styles: Style[], z: number): Style[] {
  if (z === 0) return styles;
  return styles.map((style) => {
    const copy = style.clone();
    copy.setZIndex(z);
    return copy;
  });
}

function emphasisOf(id: string, state: SessionState): Emphasis {
  if (state.selection.includes(id)) return "selected";
  return state.hovered === id ? "hovered" : "plain";
}

function looksAlike(a: SessionState, b: SessionState): boolean {
  const same = a.selection === b.selection && a.hovered === b.hovered && a.preview === b.preview && a.history.present.document === b.history.present.document;
  return same && a.thresholds === b.thresholds && a.hidden === b.hidden && a.hiddenLabels === b.hiddenLabels;
}

/** What a mode draws by itself instead: it shows the shape with nothing in it. */
function unseen(preview: readonly Annotation[]): ReadonlySet<string> {
  return new Set(preview.filter(({ shape }) => painterOf(shape).geometry(shape) === null).map(({ id }) => id));
}

/** The document without what is hidden; the very same one when nothing is hidden. */
function shownDocument(document: AnnotationDocument, visibility: Visibility): AnnotationDocument {
  let hidden = false;
  for (const annotation of document.values()) hidden ||= !isShown(annotation, visibility);
  return hidden ? new Map([...document].filter(([, annotation]) => isShown(annotation, visibility))) : document;
}

function without(document: AnnotationDocument, ids: ReadonlySet<string>): AnnotationDocument {
  return ids.size === 0 ? document : new Map([...document].filter(([id]) => !ids.has(id)));
}
