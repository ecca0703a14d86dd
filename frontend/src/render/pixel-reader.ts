/** Reads the pixels of a picture: of a photo from its file, of a raster from the tiles of its closest zoom. */
import type { PixelReader, PixelTile } from "../core/pixels";
import { TILE_PX, type Picture } from "./picture";

/** Tiles kept: 256 of them are 64 MB. */
const MOST_TILES = 256;

export function pixelReaderOf(picture: Picture): PixelReader {
  return new Reader(picture);
}

class Reader implements PixelReader {
  readonly tile_px = TILE_PX;
  private readonly kept = new Map<string, PixelTile>();
  private readonly coming = new Map<string, Promise<PixelTile>>();
  private file: Promise<HTMLImageElement> | null = null;

  constructor(private readonly picture: Picture) {}

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

  private async read(column: number, row: number): Promise<PixelTile> {
    const [x, y] = [column * TILE_PX, row * TILE_PX];
    const [width, height] = [Math.min(TILE_PX, this.picture.size.width - x), Math.min(TILE_PX, this.picture.size.height - y)];
    const { picture } = this;
    const image = picture.kind === "file" ? await (this.file ??= imageFrom(picture.url)) : await imageFrom(picture.url(picture.maxZoom, column, row));
    const [left, top] = picture.kind === "file" ? [x, y] : [0, 0];
    const tile = { x, y, width, height, rgba: pixelsOf(image, left, top, width, height) };
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

function pixelsOf(image: HTMLImageElement, left: number, top: number, width: number, height: number): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no canvas to read pixels from.");
  context.drawImage(image, left, top, width, height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
