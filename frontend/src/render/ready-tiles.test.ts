import ImageTile from "ol/ImageTile.js";
import TileState from "ol/TileState.js";
import { beforeEach, expect, it, vi } from "vitest";
import { decodeAhead, loadTile } from "./ready-tiles";

/** What a loader does with an image tile, without a browser that decodes. */
const asked: string[] = [];
class Decoded {
  private address = "";
  get src(): string {
    return this.address;
  }
  set src(address: string) {
    this.address = new URL(address, document.baseURI).href;
    asked.push(address);
  }
  decode = (): Promise<void> => Promise.resolve();
  addEventListener = (): void => undefined;
}

const drawn = vi.fn();

beforeEach(() => {
  asked.length = 0;
  drawn.mockClear();
  vi.stubGlobal("Image", Decoded);
  vi.stubGlobal("createImageBitmap", () => Promise.resolve({ width: 256, height: 200, close: () => undefined }));
  vi.stubGlobal("document", { baseURI: "http://winnow.test/label", createElement: () => ({ width: 0, height: 0, getContext: () => ({ drawImage: drawn }), addEventListener: () => undefined }) });
  return () => vi.unstubAllGlobals();
});

async function ahead(address: string): Promise<void> {
  const image = new Image();
  image.src = address;
  await decodeAhead(image);
  asked.length = 0;
}

function shown(address: string): ImageTile {
  const tile = new ImageTile([0, 0, 0], TileState.IDLE, address, {}, loadTile);
  tile.load();
  return tile;
}

it("a tile that lies ready is there at once, with its pixels and without its address", async () => {
  await ahead("/tiles/0.png");
  const tile = shown("/tiles/0.png");
  expect(tile.getState()).toBe(TileState.LOADED);
  expect(tile.getImage()).toMatchObject({ width: 256, height: 200 });
  expect([asked, drawn.mock.calls.length]).toEqual([[], 1]);
});

it("a tile that does not is loaded from its address, also when it was painted before", async () => {
  await ahead("/tiles/1.png");
  shown("/tiles/1.png");
  expect(shown("/tiles/1.png").getState()).toBe(TileState.LOADING);
  expect(shown("/tiles/2.png").getState()).toBe(TileState.LOADING);
  expect(asked).toEqual(["/tiles/1.png", "/tiles/2.png"]);
});

it("keeps the tiles that were loaded last, and no more than two first looks have", async () => {
  for (let n = 0; n < 100; n++) await ahead(`/many/${n}.png`);
  const states = Array.from({ length: 100 }, (_, n) => shown(`/many/${n}.png`).getState());
  expect(states.filter((state) => state === TileState.LOADED)).toHaveLength(64);
  expect(states.slice(36).every((state) => state === TileState.LOADED)).toBe(true);
});

it("what cannot be decoded is asked for again when it comes into sight", async () => {
  const image = new Image();
  image.src = "/tiles/broken.png";
  image.decode = () => Promise.reject(new Error("The source image cannot be decoded."));
  await expect(decodeAhead(image)).rejects.toThrow();
  expect(shown("/tiles/broken.png").getState()).toBe(TileState.LOADING);
});
