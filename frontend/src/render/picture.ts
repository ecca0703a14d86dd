/** The image below the shapes: a photo as its file, a raster as tiles that the server renders. */
import ImageLayer from "ol/layer/Image.js";
import type Layer from "ol/layer/Layer.js";
import TileLayer from "ol/layer/Tile.js";
import type RenderEvent from "ol/render/Event.js";
import ImageStatic from "ol/source/ImageStatic.js";
import TileImage from "ol/source/TileImage.js";
import TileGrid from "ol/tilegrid/TileGrid.js";
import type { Size } from "../core/types";
import { loadTile } from "./ready-tiles";
import { imageExtent, pixelProjection } from "./space";
import { PICTURE_CLASS } from "./tone-filter";

export const TILE_PX = 256;

export interface FilePicture {
  readonly kind: "file";
  readonly size: Size;
  readonly url: string;
}

export interface TiledPicture {
  readonly kind: "tiles";
  readonly size: Size;
  /** Zoom at which one tile pixel is one image pixel. */
  readonly maxZoom: number;
  readonly url: (z: number, x: number, y: number) => string;
}

export type Picture = FilePicture | TiledPicture;

/** Enlarged pixels stay pixels: an annotator wants to see them, not a blur. */
function keepPixelsSharp(layer: Layer): void {
  layer.on("prerender" as never, ((event: RenderEvent) => {
    const context = event.context;
    const resolution = event.frameState?.viewState.resolution ?? 1;
    if (context instanceof CanvasRenderingContext2D) context.imageSmoothingEnabled = resolution > 0.3;
  }) as never);
}

export function pictureLayer(picture: Picture): Layer {
  const layer = picture.kind === "file" ? fileLayer(picture) : tileLayer(picture);
  keepPixelsSharp(layer);
  return layer;
}

function fileLayer({ url, size }: FilePicture): Layer {
  const source = new ImageStatic({ url, imageExtent: imageExtent(size), projection: pixelProjection(size) });
  return new ImageLayer({ className: PICTURE_CLASS, source, zIndex: 0 });
}

/** Coarsest first: each level doubles what a pixel covers. */
export function resolutions(maxZoom: number): number[] {
  return Array.from({ length: maxZoom + 1 }, (_, z) => 2 ** (maxZoom - z));
}

function tileLayer({ url, size, maxZoom }: TiledPicture): Layer {
  const extent = imageExtent(size);
  const tileGrid = new TileGrid({ extent, origin: [0, 0], resolutions: resolutions(maxZoom), tileSize: TILE_PX });
  const source = new TileImage({ projection: pixelProjection(size), tileGrid, wrapX: false, transition: 0, tileLoadFunction: loadTile, tileUrlFunction: ([z = 0, x = 0, y = 0]) => url(z, x, y) });
  // No coarser tiles beside those in sight: the next image waits for nothing that is not looked at.
  return new TileLayer({ className: PICTURE_CLASS, source, extent, preload: 0, cacheSize: 512, zIndex: 0 });
}

/** One tile of an overview: where its corner lies and how much it covers, in image pixels. */
export interface OverviewTile {
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly span: number;
}

/** Tiles that show the whole image at the zoom nearest to `across` screen pixels: what to load ahead. */
export function overviewTiles(picture: TiledPicture, across: number): OverviewTile[] {
  const { size, maxZoom, url } = picture;
  const longest = Math.max(size.width, size.height);
  const z = Math.min(maxZoom, Math.max(0, Math.round(maxZoom - Math.log2(Math.max(1, longest / across)))));
  const step = TILE_PX * 2 ** (maxZoom - z);
  const [columns, rows] = [Math.ceil(size.width / step), Math.ceil(size.height / step)];
  return Array.from({ length: rows * columns }, (_, at) => {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    return { url: url(z, x, y), x: x * step, y: y * step, span: step };
  });
}

/** A picture of where a model is unsure, laid over the whole image: sure pixels come transparent from the server. */
export function heatMapLayer(url: string, size: Size): Layer {
  const source = new ImageStatic({ url, imageExtent: imageExtent(size), projection: pixelProjection(size) });
  return new ImageLayer({ source, opacity: 0.95, zIndex: 5 });
}
