import { useEffect, useRef } from "react";
import { bitmapOf } from "@/shapes/mask/raster";
import { classColor, pathOf, type PredictionItem } from "./prediction";
import classes from "./PredictionPicture.module.css";

type MaskItem = Extract<PredictionItem, { kind: "mask" }>;
type RasterItem = Extract<PredictionItem, { kind: "raster" }>;

function rgb(color: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)) as [number, number, number];
}

function paintMask(context: CanvasRenderingContext2D, item: MaskItem): void {
  const { left, top, width, height, data } = bitmapOf({ type: "mask", size: item.mask.size, counts: item.mask.counts, bbox: [0, 0, item.mask.size[1], item.mask.size[0]] });
  if (width === 0 || height === 0) return;
  const [red, green, blue] = rgb(classColor(item.index));
  const pixels = context.getImageData(left, top, width, height);
  data.forEach((inside, at) => {
    if (inside === 1) pixels.data.set([red, green, blue, 130], at * 4);
  });
  context.putImageData(pixels, left, top);
}

function paintRaster(context: CanvasRenderingContext2D, item: RasterItem, map: HTMLImageElement): void {
  const [height, width] = item.size;
  context.drawImage(map, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  const known = new Set(item.classes.map((one) => one.index));
  for (let at = 0; at < pixels.data.length; at += 4) {
    const index = pixels.data[at] ?? 0;
    pixels.data.set(known.has(index) ? [...rgb(classColor(index)), 120] : [0, 0, 0, 0], at);
  }
  context.putImageData(pixels, 0, 0);
}

/** Masks and class rasters of an answer, painted at the image's own size. */
function Pixels({ items, width, height }: { items: readonly PredictionItem[]; width: number; height: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (context === null || context === undefined) return;
    context.clearRect(0, 0, width, height);
    for (const item of items) {
      if (item.kind === "mask") paintMask(context, item);
      if (item.kind !== "raster" || typeof item.class_map !== "string") continue;
      const map = new Image();
      map.onload = () => paintRaster(context, item, map);
      map.src = `data:image/png;base64,${item.class_map}`;
    }
  }, [items, width, height]);
  return <canvas ref={canvas} width={width} height={height} className={classes["layer"]} />;
}

function Item({ item, stroke }: { item: PredictionItem; stroke: number }) {
  if (item.kind === "box") {
    const turn = `rotate(${item.rotation} ${item.x + item.width / 2} ${item.y + item.height / 2})`;
    return <rect x={item.x} y={item.y} width={item.width} height={item.height} transform={turn} stroke={classColor(item.index)} strokeWidth={stroke} fill="none" />;
  }
  if (item.kind === "polygon") return <path d={pathOf(item.polygons)} stroke={classColor(item.index)} strokeWidth={stroke} fill={classColor(item.index)} fillOpacity={0.25} fillRule="evenodd" />;
  if (item.kind === "keypoints") {
    return item.points
      .filter((point) => point.v > 0)
      .map((point) => <circle key={point.name} cx={point.x} cy={point.y} r={stroke * 2} fill={classColor(item.index)} stroke="#000" strokeWidth={stroke / 3} />);
  }
  return null;
}

interface Props {
  source: string;
  label: string;
  items: readonly PredictionItem[];
  width: number;
  height: number;
}

/** The image that was sent with what the model said drawn over it. */
export function PredictionPicture({ source, label, items, width, height }: Props) {
  const painted = items.some((item) => item.kind === "mask" || item.kind === "raster");
  const stroke = Math.max(width, height) / 220;
  return (
    <div className={classes["picture"]} style={{ aspectRatio: `${width} / ${height}` }} role="img" aria-label={label}>
      <img src={source} alt="" />
      {painted && <Pixels items={items} width={width} height={height} />}
      <svg viewBox={`0 0 ${width} ${height}`} className={classes["layer"]} aria-hidden="true">
        {items.map((item, index) => (
          <Item key={index} item={item} stroke={stroke} />
        ))}
      </svg>
    </div>
  );
}
