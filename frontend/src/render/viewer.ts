/** The viewer: an OpenLayers map in pixel space that shows one session. It lives outside React. */
import DragPan from "ol/interaction/DragPan.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import PinchZoom from "ol/interaction/PinchZoom.js";
import Kinetic from "ol/Kinetic.js";
import type Layer from "ol/layer/Layer.js";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import type { Mode } from "../core/mode";
import type { Place } from "../core/places";
import type { Tone } from "../core/tone";
import type { Bounds, Point, Size } from "../core/types";
import type { ViewChoice } from "../core/view";
import type { Session } from "../modes/session";
import { kindOf } from "../shapes/kinds";
import { Crosshair } from "./crosshair";
import { Gestures } from "./gestures";
import { MarksLayer, type Frame } from "./marks-layer";
import { OverlayLayer } from "./overlay-layer";
import { pixelReaderOf } from "./pixel-reader";
import { heatMapLayer, pictureLayer, type Picture } from "./picture";
import { Rest } from "./rest";
import { ShapeLayers, type LabelLook } from "./shape-layers";
import { watchSight, type Sight } from "./sight";
import { extentOf, fittingResolution, imageExtent, pixelProjection, toImage, toView } from "./space";
import { ToneFilter } from "./tone-filter";
import type { StoreApi } from "zustand/vanilla";

const FIT_PADDING_PX = 28;
/** A strip that is thinner on the page cannot be labeled. */
const THINNEST_PX = 24;
const CLOSEST = 1 / 64;
const ANIMATION_MS = 160;

export class Viewer {
  readonly map: OlMap;
  /** What is in sight, and where the pointer is. */
  readonly sightStore: StoreApi<Sight>;
  private readonly shapes = new ShapeLayers();
  private readonly overlay = new OverlayLayer();
  private readonly marks = new MarksLayer();
  private readonly crosshair: Crosshair;
  private readonly tone: ToneFilter;
  private readonly gestures: Gestures;
  private session: Session | null = null;
  private editable = true;
  private unsubscribe: (() => void) | null = null;
  private picture: Layer | null = null;
  private heatMap: Layer | null = null;
  private frame: number | null = null;
  private fitted: Place | null = null;
  private readonly rest: Rest;

  constructor() {
    this.gestures = new Gestures(() => this.modeInHand());
    this.map = new OlMap({
      controls: [],
      layers: [this.shapes.base, this.shapes.live, this.marks.layer, this.overlay.layer, this.overlay.canvas],
      interactions: [
        new MouseWheelZoom({ duration: ANIMATION_MS }),
        new PinchZoom(),
        // The primary button, and the middle one, which no mode takes.
        new DragPan({ condition: (event) => (event.originalEvent as PointerEvent).button <= 1, kinetic: new Kinetic(-0.01, 0.1, 200) }),
        this.gestures,
      ],
    });
    const viewport = this.map.getViewport();
    if (!viewport) throw new Error("OpenLayers made a map without a viewport: it runs outside a page.");
    this.sightStore = watchSight(this.map, viewport);
    this.crosshair = new Crosshair(viewport);
    this.tone = new ToneFilter(viewport);
    this.rest = new Rest(() => this.map.getView());
    this.map.on("wheel" as never, () => this.zooming());
  }

  attach(target: HTMLElement): void {
    this.map.setTarget(target);
  }

  dispose(): void {
    this.detachSession();
    this.tone.dispose();
    this.map.setTarget(undefined);
    this.map.dispose();
  }

  setLabels(labels: ReadonlyMap<number, LabelLook>): void {
    this.shapes.setLabels(labels);
    this.overlay.setColors((label) => this.shapes.colorOf(label));
  }

  /** Show images and objects as a person wants to see them. */
  setView(view: ViewChoice): void {
    this.shapes.setView(view);
    this.marks.setGrid(view.grid);
    this.crosshair.set(view.crosshair);
  }

  /** Lighten or strengthen the picture below the objects. */
  setTone(tone: Tone): void {
    this.tone.set(tone);
  }

  /** Mark a place with a frame and a word on it. */
  setFrame(frame: Frame | null): void {
    this.marks.setFrame(frame);
  }

  /** Put another image and its session on the canvas: where it was left, else all of it. */
  show(session: Session, picture: Picture, place: Place | null = null): void {
    this.detachSession();
    this.shapes.clear();
    this.setHeatMap(null);
    this.map.setView(viewOf(session.size));
    this.session = session;
    this.marks.setSize(session.size);
    this.setPicture(picture);
    this.fit();
    if (place) this.goTo(place);
    this.unsubscribe = session.store.subscribe(() => this.schedule());
    this.sync();
  }

  /** Show the same image differently: other bands, another stretch. */
  setPicture(picture: Picture): void {
    if (this.picture) this.map.removeLayer(this.picture);
    this.picture = pictureLayer(picture);
    if (this.session) this.session.picture = pixelReaderOf(picture);
    this.map.getLayers().insertAt(0, this.picture);
  }

  setHeatMap(url: string | null): void {
    if (this.heatMap) this.map.removeLayer(this.heatMap);
    this.heatMap = url !== null && this.session ? heatMapLayer(url, this.session.size) : null;
    if (this.heatMap) this.map.addLayer(this.heatMap);
  }

  /** Tell somebody after each gesture that was not the view's own. */
  onGesture(listener: (() => void) | null): void {
    this.gestures.onGesture = () => {
      // Whoever works on the place has found it.
      this.setFrame(null);
      listener?.();
    };
  }

  /** Without this gestures pan and zoom, and reach a mode only where it changes nothing. */
  setEditable(editable: boolean): void {
    this.editable = editable;
  }

  private modeInHand(): Mode | null {
    const mode = this.session?.alive ?? null;
    return this.editable || mode?.onlyLooks === true ? mode : null;
  }

  setPanning(panning: boolean): void {
    this.gestures.panning = panning;
    this.setCursor(panning ? "grab" : (this.session?.store.getState().overlay.cursor ?? "default"));
  }

  fit(): void {
    const view = this.map.getView();
    this.map.updateSize();
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    const { size } = this.session ?? { size: { width: 1, height: 1 } };
    view.setResolution(fittingResolution(size, { width, height }, FIT_PADDING_PX, THINNEST_PX));
    view.setCenter(toView([size.width / 2, size.height / 2]));
    this.fitted = { center: toImage(view.getCenter() ?? [0, 0]), resolution: view.getResolution() ?? 1 };
  }

  /** Where the view is; null while all of the image is in sight as it opens. */
  place(): Place | null {
    const view = this.map.getView();
    const [center, resolution] = [toImage(view.getCenter() ?? [0, 0]), view.getResolution() ?? 1];
    const { fitted } = this;
    const same = fitted && Math.abs(resolution / fitted.resolution - 1) < 0.001 && Math.hypot(center[0] - fitted.center[0], center[1] - fitted.center[1]) < resolution;
    return same ? null : { center, resolution };
  }

  goTo({ center, resolution }: Place): void {
    this.map.getView().setCenter(toView(center));
    this.map.getView().setResolution(resolution);
  }

  /** Put a point of the image into the middle of the canvas. */
  centerOn(at: Point): void {
    this.map.getView().setCenter(toView(at));
  }

  /** One pixel of the image on one pixel of the page. */
  oneToOne(): void {
    this.zooming();
    this.map.getView().animate({ resolution: 1, duration: ANIMATION_MS });
  }

  /** Move the view by parts of what is in sight. */
  panBy(right: number, down: number): void {
    const [left, top, farRight, bottom] = this.sightStore.getState().bounds;
    const [x, y] = toImage(this.map.getView().getCenter() ?? [0, 0]);
    this.map.getView().animate({ center: toView([x + right * (farRight - left), y + down * (bottom - top)]), duration: ANIMATION_MS / 2 });
  }

  /** Bring a part of the image to the middle, as large as its surroundings allow. */
  zoomTo(bounds: Bounds, padding = 90): void {
    this.zooming();
    this.map.getView().fit(extentOf(bounds), { padding: Array.from({ length: 4 }, () => padding), minResolution: 1 / 16, duration: ANIMATION_MS });
  }

  zoomToObject(id: string): void {
    const annotation = this.session?.document().get(id);
    const bounds = annotation && kindOf(annotation.shape).bounds(annotation.shape);
    if (bounds) this.zoomTo(bounds);
  }

  /** Whether it is this session that is on the canvas. */
  isShowing(session: Session): boolean {
    return this.session === session;
  }

  zoomBy(steps: number): void {
    this.zooming();
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 0) + steps, duration: ANIMATION_MS });
  }

  /** Bring an annotation into sight; the view moves only if it has to. */
  reveal(id: string): void {
    const annotation = this.session?.document().get(id);
    const bounds = annotation && kindOf(annotation.shape).bounds(annotation.shape);
    if (!bounds) return;
    const view = this.map.getView();
    const [left = 0, bottom = 0, right = 0, top = 0] = view.calculateExtent(this.map.getSize());
    const [minX = 0, minY = 0, maxX = 0, maxY = 0] = extentOf(bounds);
    const inSight = minX >= left && minY >= bottom && maxX <= right && maxY <= top;
    const tiny = Math.max(maxX - minX, maxY - minY) / (view.getResolution() ?? 1) < 6;
    if (!inSight || tiny) view.fit([minX, minY, maxX, maxY], { padding: [90, 90, 90, 90], maxZoom: (view.getZoom() ?? 0) + (tiny ? 4 : 0), duration: ANIMATION_MS });
  }

  /** The part of pixel space that is in sight, in part perhaps beside the image; null before the first frame. */
  sight(): Bounds | null {
    const size = this.map.getSize();
    if (!this.session || !size) return null;
    const [left = 0, bottom = 0, right = 0, top = 0] = this.map.getView().calculateExtent(size);
    return [left, -top, right, -bottom];
  }

  /** Where a place of the image is on the page, in client pixels; null before the first frame. */
  toScreen(at: Point): Point | null {
    this.map.renderSync();
    const pixel = this.map.getPixelFromCoordinate(toView(at)) as number[] | null;
    const frame = this.map.getTargetElement()?.getBoundingClientRect();
    return pixel && frame ? [frame.left + (pixel[0] ?? 0), frame.top + (pixel[1] ?? 0)] : null;
  }

  /** With many shapes the picture of them is made again when the zooming rests, not at each turn of the wheel. */
  private zooming(): void {
    if (this.shapes.isLarge()) this.rest.hold();
  }

  private detachSession(): void {
    this.rest.end();
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.session = null;
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
  }

  private schedule(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.sync();
    });
  }

  private sync(): void {
    if (!this.session) return;
    const state = this.session.store.getState();
    this.shapes.sync(state);
    this.overlay.sync(state.overlay);
    if (!this.gestures.panning) this.setCursor(state.overlay.cursor);
  }

  private setCursor(cursor: string): void {
    this.map.getViewport()?.style.setProperty("cursor", cursor);
  }
}

/** A view in pixel space: free zoom, no rotation, and the image cannot be pushed out of sight. */
function viewOf(size: Size): View {
  const extent = imageExtent(size);
  const farthest = Math.max(size.width, size.height) / 120;
  return new View({ projection: pixelProjection(size), extent, constrainOnlyCenter: true, enableRotation: false, minResolution: CLOSEST, maxResolution: farthest, center: toView([size.width / 2, size.height / 2]), resolution: 1 });
}
