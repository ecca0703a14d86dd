import { API } from "./http";

export function thumbnailUrl(image: number, size = 256): string {
  return `${API}/images/${image}/thumbnail?size=${size}`;
}

const THUMBNAIL_PX = [256, 512] as const;

/** A thumbnail that is sharp at a width on screen. */
export function thumbnailOf(image: number, width_px: number): string {
  const wanted = width_px * Math.min(2, typeof window === "undefined" ? 1 : window.devicePixelRatio);
  return thumbnailUrl(image, THUMBNAIL_PX.find((size) => size >= wanted * 0.8) ?? THUMBNAIL_PX[1]);
}
