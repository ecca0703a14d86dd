/** Reads the pixels of a picture: of a photo from its file, of a raster from the tiles of its closest zoom, or of one further away. */
import type { PixelReader, PixelTile } from "../core/pixels";
import type { Point } from "../core/types";
import { TILE_PX, type Picture } from "./picture";

/** Tiles kept: 256 of them are 64 MB. */
const MOST_TILES = 256;

export function pixelReaderOf(picture: Picture): PixelReader {
  return new Reader(picture, 0, { image: null, levels: new Map() });
}

/** What the readers of one picture have in common. */
interface Shared {
  image: Promise<HTMLImageElement> | null;
  readonly levels: Map<number, Reader>;
}

class Reader implements PixelReader {
  readonly tile_px = TILE_PX;
  private readonly kept = new Map<string, PixelTile>();
  private readonly coming = new Map<string, Promise<PixelTile>>();

  constructor(
    private readonly picture: Picture,
    private readonly level: number,
    private readonly shared: Shared,
  ) {
    shared.levels.set(level, this);
  }

  get scale(): number {
    return 2 ** this.level;
  }

  coarser(scale: number): PixelReader {
    const { width, height } = this.picture.size;
    const smallest = this.picture.kind === "tiles" ? this.picture.maxZoom : Math.floor(Math.log2(Math.min(width, height)));
    const level = Math.max(0, Math.min(smallest, Math.floor(Math.log2(scale))));
    return this.shared.levels.get(level) ?? new Reader(this.picture, level, this.shared);
  }

  ready(column: number, row: number): PixelTile | null {
    return this.kept.get(`${column},${row}`) ?? null;
  }

  load(column: number, row: number): Promise<PixelTile> {
    const key = `${column},${row}`;
    const known = this.kept.get(key);
    if (known) return Promise.resolve(known);
    const coming = this.coming.get(key) ?? this.read(column, row).finally(() => this.coming.delete(key));
    this.coming.set(key, coming);
    return coming;
  }

  /** The whole file, once for all readers; asked for again where it could not be had. */
  private file(url: string): Promise<HTMLImageElement> {
    const { shared } = this;
    shared.image ??= imageFrom(url).catch((error: unknown) => {
      shared.image = null;
      throw error;
    });
    return shared.image;
  }

  private async read(column: number, row: number): Promise<PixelTile> {
    const { picture, scale } = this;
    const [x, y] = [column * TILE_PX, row * TILE_PX];
    // A last pixel that the image covers in part only would be half transparent.
    const [width, height] = [Math.min(TILE_PX, Math.floor(picture.size.width / scale) - x), Math.min(TILE_PX, Math.floor(picture.size.height / scale) - y)];
    const image = await (picture.kind === "file" ? this.file(picture.url) : imageFrom(picture.url(picture.maxZoom - this.level, column, row)));
    const rgba = picture.kind === "file" ? pixelsOf(image, [x * scale, y * scale], scale, width, height) : pixelsOf(image, [0, 0], 1, width, height);
    const tile = { x, y, width, height, rgba };
    this.kept.set(`${column},${row}`, tile);
    const oldest = this.kept.keys().next();
    if (this.kept.size > MOST_TILES && oldest.value !== undefined) this.kept.delete(oldest.value);
    return tile;
  }
}

async function imageFrom(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function pixelsOf(image: HTMLImageElement, [left, top]: Point, scale: number, width: number, height: number): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no canvas to read pixels from.");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, width * scale, height * scale, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
