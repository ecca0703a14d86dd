/** Tiles that were loaded ahead, decoded: sixteen that are decoded when they come into sight cost the next image three frames. */
import type ImageTile from "ol/ImageTile.js";
import type Tile from "ol/Tile.js";

/** Tiles kept: 64 of them are 16 MB, more than two first looks. */
const MOST_TILES = 64;

const ready = new Map<string, HTMLCanvasElement>();

/** Decode an image of a tile as soon as it is there, and keep its pixels until they are painted or others need the room. */
export async function decodeAhead(image: HTMLImageElement): Promise<void> {
  const url = image.src;
  await image.decode();
  const pixels = await createImageBitmap(image);
  const canvas = document.createElement("canvas");
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d")?.drawImage(pixels, 0, 0);
  pixels.close();
  ready.delete(url);
  ready.set(url, canvas);
  const oldest = ready.keys().next();
  if (ready.size > MOST_TILES && oldest.value !== undefined) ready.delete(oldest.value);
}

/** How OpenLayers gets a tile: from those that lie ready, otherwise from its address. */
export function loadTile(tile: Tile, address: string): void {
  const imageTile = tile as ImageTile;
  const url = new URL(address, document.baseURI).href;
  const canvas = ready.get(url);
  ready.delete(url);
  if (canvas) imageTile.setImage(canvas);
  else (imageTile.getImage() as HTMLImageElement).src = address;
}
