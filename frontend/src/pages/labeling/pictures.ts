/** Where the pixels of an image come from, and how they are loaded ahead. */
import { queryOptions } from "@tanstack/react-query";
import { apiUrl } from "@/api/http";
import { overviewTiles, type Picture } from "@/render/picture";
import { decodeAhead } from "@/render/ready-tiles";
import { DEFAULT_BANDS, type BandChoice, type Preferences } from "./preferences";
import { bandStatistics, type BandStatistics, type ImageFacts } from "./wire";

export function bandChoiceOf(image: ImageFacts, preferences: Pick<Preferences, "bands">): BandChoice {
  return { ...DEFAULT_BANDS, ...preferences.bands[image.bands] };
}

/** Whether the addresses of tiles hang on what values the bands hold. */
export function needsStatistics(image: ImageFacts, { stretch }: BandChoice): boolean {
  return image.tiled && stretch !== "auto";
}

/** The one question for them, however many ask it. */
export function statisticsQuery({ id }: ImageFacts) {
  return queryOptions({ queryKey: ["images", id, "statistics"], queryFn: ({ signal }) => bandStatistics(id, signal), staleTime: Infinity });
}

/** The bands that are stretched: those chosen, or those that the server shows by itself. */
function shownBands(image: ImageFacts, choice: BandChoice): readonly number[] {
  if (choice.bands.length > 0) return choice.bands;
  return image.bands >= 3 ? [1, 2, 3] : [1];
}

/** The value below which so many percent of a band's pixels lie, between the percentiles that were measured. */
export function valueAt({ quantiles, min, max }: BandStatistics, percent: number): number {
  const above = quantiles.findIndex(([at = 0]) => at >= percent);
  const [[from = 0, low = min] = [], [to = 100, high = max] = []] = [quantiles[above - 1], quantiles[above]];
  return to > from ? low + ((high - low) * (percent - from)) / (to - from) : high;
}

/** The query of a tile: bands from 1, and per band the values that become black and white. */
export function tileQuery(image: ImageFacts, choice: BandChoice, statistics: readonly BandStatistics[] | null): Record<string, string> {
  const query: Record<string, string> = {};
  if (choice.bands.length > 0) query["bands"] = choice.bands.join(",");
  if (choice.gamma !== 1) query["gamma"] = String(choice.gamma);
  if (choice.stretch === "auto" || !statistics) return query;
  const bands = shownBands(image, choice).flatMap((index) => statistics.find((band) => band.index === index) ?? []);
  query["min"] = bands.map((band) => (choice.stretch === "percentile" ? valueAt(band, choice.low) : band.min)).join(",");
  query["max"] = bands.map((band) => (choice.stretch === "percentile" ? valueAt(band, choice.high) : band.max)).join(",");
  return query;
}

export function pictureOf(image: ImageFacts, choice: BandChoice, statistics: readonly BandStatistics[] | null): Picture {
  const size = { width: image.width, height: image.height };
  if (!image.tiled) return { kind: "file", size, url: apiUrl(`/images/${image.id}/file`) };
  const query = tileQuery(image, choice, statistics);
  return { kind: "tiles", size, maxZoom: image.max_zoom, url: (z, x, y) => apiUrl(`/images/${image.id}/tiles/${z}/${x}/${y}.png`, query) };
}

const OVERVIEW_PX = 1024;

/**
 * Load what the first look at a picture needs. The elements must stay alive: a browser paints an address
 * at once while an element that holds it exists, whatever the cache headers say.
 */
export function loadAhead(picture: Picture): readonly HTMLImageElement[] {
  const urls = picture.kind === "file" ? [picture.url] : overviewTiles(picture, OVERVIEW_PX).map((tile) => tile.url);
  return urls.map((url) => {
    const image = new Image();
    image.decoding = "async";
    image.src = url;
    // A tile that cannot be read is asked for again, and its error shown, when it comes into sight.
    if (picture.kind === "tiles") void decodeAhead(image).catch(() => undefined);
    return image;
  });
}
