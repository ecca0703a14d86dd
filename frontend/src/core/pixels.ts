/** The picture that is shown, pixel by pixel, for tools that go by colour. It comes in tiles, because a large one comes over the network. */

export interface PixelTile {
  /** Its top left pixel, in pixels of its reader. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, row by row. */
  readonly rgba: Uint8ClampedArray;
}

export interface PixelReader {
  /** Image pixels in one of its pixels, across and down: 1, or a power of two. */
  readonly scale: number;
  /** Side of a tile; those at the right and at the bottom are smaller. */
  readonly tile_px: number;
  /** A tile that is there already, else null. */
  ready(column: number, row: number): PixelTile | null;
  load(column: number, row: number): Promise<PixelTile>;
  /** The same picture, made smaller by the largest power of two that is no larger than this, or as small as it comes. */
  coarser(scale: number): PixelReader;
}
