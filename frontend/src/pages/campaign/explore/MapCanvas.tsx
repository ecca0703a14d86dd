import { useElementSize, useMergedRef } from "@mantine/hooks";
import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import type { CoverageMap } from "@/api/likeness";
import classes from "./Explore.module.css";
import { inLoop, type Loop, nearestTo, type PointGroup, type Sight, wholeSight, zoomed } from "./points";

const HEIGHT = 560;
const REACH = 9;
const WHEEL = 0.0015;

interface Props {
  map: CoverageMap;
  groups: readonly PointGroup[];
  hidden: ReadonlySet<string>;
  onCaught: (ids: readonly number[]) => void;
  onOpen: (id: number) => void;
}

/** Tens of thousands of points on a canvas: the wheel comes closer, a drag draws a loop, the pointer shows the image under it. */
export function MapCanvas({ map, groups, hidden, onCaught, onOpen }: Props) {
  const { t } = useTranslation();
  const { ref: sizeRef, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const merged = useMergedRef(sizeRef, frame);
  const whole = useMemo(() => wholeSight(width, HEIGHT), [width]);
  const [near, setNear] = useState<Sight | null>(null);
  const sight = near ?? whole;
  const [loop, setLoop] = useState<Loop>([]);
  const [under, setUnder] = useState(-1);
  const drawing = useRef(false);

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width === 0) return;
    const dense = window.devicePixelRatio;
    canvas.current.width = Math.round(width * dense);
    canvas.current.height = Math.round(HEIGHT * dense);
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const side = map.ids.length > 20_000 ? 2 : map.ids.length > 3000 ? 3 : 6;
    // The rare ones on top: they are what somebody looks for.
    for (const { key, color, places } of [...groups].sort((a, b) => b.places.length - a.places.length)) {
      if (hidden.has(key)) continue;
      context.fillStyle = color;
      for (const at of places) context.fillRect(sight.x + (map.x[at] ?? 0) * sight.scale - side / 2, sight.y + (map.y[at] ?? 0) * sight.scale - side / 2, side, side);
    }
  }, [map, groups, hidden, sight, width]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      setNear((now) => zoomed(now ?? whole, Math.exp(-event.deltaY * WHEEL), event.clientX - left, event.clientY - top, whole.scale));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [whole]);

  const spotOf = (event: PointerEvent): readonly [number, number] => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const move = (event: PointerEvent): void => {
    const spot = spotOf(event);
    if (drawing.current) setLoop((now) => [...now, spot]);
    else setUnder(nearestTo(map, sight, spot[0], spot[1], REACH));
  };
  const end = (): void => {
    if (!drawing.current) return;
    drawing.current = false;
    const shown = new Set(groups.filter(({ key }) => !hidden.has(key)).flatMap(({ places }) => places.map((at) => map.ids[at])));
    const caught = inLoop(map, sight, loop).filter((id) => shown.has(id));
    setLoop([]);
    if (caught.length > 0) onCaught(caught);
  };
  const [x, y] = under === -1 ? [0, 0] : [sight.x + (map.x[under] ?? 0) * sight.scale, sight.y + (map.y[under] ?? 0) * sight.scale];
  return (
    <div
      ref={merged}
      className={classes["map"]}
      style={{ height: HEIGHT }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drawing.current = true;
        setUnder(-1);
        setLoop([spotOf(event)]);
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={() => {
        drawing.current = false;
        setLoop([]);
      }}
      onPointerLeave={() => setUnder(-1)}
      onDoubleClick={() => under !== -1 && onOpen(map.ids[under] ?? 0)}
      data-testid="map"
      data-points={map.ids.length}
    >
      <canvas ref={canvas} style={{ width: "100%", height: HEIGHT }} role="img" aria-label={t("explore.map.picture", { count: map.ids.length })} />
      <svg aria-hidden="true">{loop.length > 1 && <polygon points={loop.map((spot) => spot.join(",")).join(" ")} />}</svg>
      {under !== -1 && (
        <img
          className={classes["peek"]}
          src={thumbnailUrl(map.ids[under] ?? 0, 256)}
          alt=""
          style={{ left: Math.min(x + 14, Math.max(0, width - 170)), top: Math.min(y + 14, HEIGHT - 170) }}
          data-testid="map-peek"
          data-id={map.ids[under]}
        />
      )}
    </div>
  );
}
