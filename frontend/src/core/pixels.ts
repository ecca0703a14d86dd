/** The picture that is shown, pixel by pixel at full size, for tools that go by colour. It comes in tiles, because a large one comes over the network. */

export interface PixelTile {
  /** Its top left pixel in the image. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, row by row. */
  readonly rgba: Uint8ClampedArray;
}

export interface PixelReader {
  /** Side of a tile; those at the right and at the bottom are smaller. */
  readonly tile_px: number;
  /** A tile that is there already, else null. */
  ready(column: number, row: number): PixelTile | null;
  load(column: number, row: number): Promise<PixelTile>;
}
