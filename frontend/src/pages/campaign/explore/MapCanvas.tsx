import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { IconFocusCentered, IconSquareCheck, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import type { CoverageMap } from "@/api/likeness";
import classes from "./Explore.module.css";
import { createMapScene, type MapScene } from "./mapScene";
import { dotsOf, type PointGroup } from "./points";

const STEP_CLOSER = 1.5;

interface Props {
  map: CoverageMap;
  groups: readonly PointGroup[];
  hidden: ReadonlySet<string>;
  onCaught: (ids: readonly number[]) => void;
  onOpen: (id: number) => void;
}

interface Under {
  readonly place: number;
  readonly x: number;
  readonly y: number;
}

/** The map with what stands on it: the picture under the pointer, and buttons for what wheel and drag do. The scene draws past React. */
export function MapCanvas({ map, groups, hidden, onCaught, onOpen }: Props) {
  const { t } = useTranslation();
  const { ref: sizeRef, width, height } = useElementSize();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const outline = useRef<SVGPolygonElement>(null);
  const scene = useRef<MapScene>(null);
  const merged = useMergedRef(sizeRef, frame);
  const [under, setUnder] = useState<Under | null>(null);
  const dots = useMemo(() => dotsOf(map, groups, hidden), [map, groups, hidden]);
  const latest = useRef({ map, onCaught, onOpen });
  latest.current = { map, onCaught, onOpen };

  useEffect(() => {
    if (!frame.current || !canvas.current || !outline.current) return undefined;
    const idOf = (place: number): number => latest.current.map.ids[place] ?? 0;
    const made = createMapScene(
      { frame: frame.current, canvas: canvas.current, outline: outline.current },
      {
        onUnder: (place, x, y) => setUnder(place === -1 ? null : { place, x, y }),
        onCaught: (places) => latest.current.onCaught(places.map(idOf)),
        onOpen: (place) => latest.current.onOpen(idOf(place)),
      },
    );
    scene.current = made;
    return () => made.dispose();
  }, []);
  useEffect(() => scene.current?.show(dots), [dots]);
  useEffect(() => scene.current?.resize(width, height), [width, height]);

  return (
    <div ref={merged} className={classes["map"]} role="application" aria-label={t("explore.map.picture", { count: map.ids.length })} aria-describedby="map-keys" tabIndex={0} data-testid="map" data-points={map.ids.length}>
      <canvas ref={canvas} aria-hidden="true" />
      <svg aria-hidden="true">
        <polygon ref={outline} />
      </svg>
      {under !== null && (
        <img
          className={classes["peek"]}
          src={thumbnailUrl(map.ids[under.place] ?? 0, 256)}
          alt=""
          style={{ left: Math.min(under.x + 14, Math.max(0, width - 170)), top: Math.min(under.y + 14, Math.max(0, height - 170)) }}
          data-testid="map-peek"
          data-id={map.ids[under.place]}
        />
      )}
      <Group className={classes["tools"] ?? ""} gap={4}>
        <Tool label={t("explore.map.closer")} onClick={() => scene.current?.closer(STEP_CLOSER)}>
          <IconZoomIn size={18} />
        </Tool>
        <Tool label={t("explore.map.farther")} onClick={() => scene.current?.closer(1 / STEP_CLOSER)}>
          <IconZoomOut size={18} />
        </Tool>
        <Tool label={t("explore.map.whole")} onClick={() => scene.current?.whole()}>
          <IconFocusCentered size={18} />
        </Tool>
        <Tool label={t("explore.map.chooseSeen")} onClick={() => scene.current?.chooseSeen()} testId="map-choose-seen">
          <IconSquareCheck size={18} />
        </Tool>
      </Group>
    </div>
  );
}

function Tool({ label, onClick, testId, children }: { label: string; onClick: () => void; testId?: string; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="lg" aria-label={label} onClick={onClick} data-testid={testId}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
