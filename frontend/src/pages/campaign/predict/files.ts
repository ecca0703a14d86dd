/** What may be taken home: archives, tables, masks. */
import type { Label } from "@/api/types";
import { drawnOf } from "@/shapes/drawn";
import { foldersOf, type Line, type Row } from "./results";
import type { Picture } from "./queue";

export function save(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export interface Told extends Row {
  readonly picture: Picture;
}

/** The pictures in a folder for each label that they have. */
export async function archiveByLabel(told: readonly Told[]): Promise<Uint8Array<ArrayBuffer>> {
  const contents: Record<string, Uint8Array> = {};
  const single = told.map((one) => foldersOf([one]));
  const placed = foldersOf(told);
  const at = new Map<string, number>();
  for (const [place, one] of told.entries()) {
    const bytes = new Uint8Array(await one.picture.file.arrayBuffer());
    for (const folder of single[place]?.keys() ?? []) {
      const number = at.get(folder) ?? 0;
      at.set(folder, number + 1);
      contents[`${folder}/${placed.get(folder)?.[number] ?? one.file}`] = bytes;
    }
  }
  return zipped(contents);
}

async function zipped(contents: Record<string, Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const { zip } = await import("fflate");
  // Pictures are packed already: packing them again takes time and gains nothing.
  return new Promise((resolve, reject) => zip(contents, { level: 0 }, (error, archive) => (error ? reject(error) : resolve(archive as Uint8Array<ArrayBuffer>))));
}

function maskOf(lines: readonly Line[], width: number, height: number): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws no pictures in the background.");
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#fff";
  for (const { shape } of lines) {
    if (!shape) continue;
    const path = new Path2D();
    for (const line of drawnOf(shape).lines) {
      line.forEach(([x, y], place) => (place === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
      path.closePath();
    }
    context.fill(path, "evenodd");
  }
  return canvas.convertToBlob({ type: "image/png" }).then(async (blob) => new Uint8Array(await blob.arrayBuffer()));
}

/** For each picture and label a black and white mask of what was found, in the picture's own size. */
export async function archiveOfMasks(told: readonly Told[], labels: readonly Label[]): Promise<Uint8Array<ArrayBuffer>> {
  const contents: Record<string, Uint8Array> = {};
  for (const { picture, file, lines } of told) {
    const size = picture.answer?.image;
    if (!size) continue;
    const stem = file.replace(/\.[^.]*$/, "");
    for (const label of labels) {
      const own = lines.filter((line) => line.label === label.id && line.positive && line.shape !== null);
      if (own.length > 0) contents[`${stem}-${picture.key}/${label.name.replaceAll(/[\\/:*?"<>|]/g, "_")}.png`] = await maskOf(own, size.width, size.height);
    }
  }
  return zipped(contents);
}
