import { useEffect, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { overviewTiles } from "@/render/picture";
import type { Sight } from "@/render/sight";
import type { Point } from "@/core/types";
import { useLabeling, usePreference } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { pictureOf } from "./pictures";
import { DEFAULT_BANDS } from "./preferences";
import type { ImageFacts } from "./wire";
import type { Workspace } from "./workspace";

const SIDE_PX = 168;
/** Below this share in sight of either side there is something to find the way in. */
const WHOLE = 0.98;
const STEP = 0.25;

const STEPS: Readonly<Record<string, Point>> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** All of the image, small, with a frame round what is in sight: click or drag to go there. It hides while all is in sight. */
export function Minimap({ workspace: { image } }: { workspace: Workspace }) {
  const { viewer } = useLabeling();
  const wanted = usePreference((state) => state.view.minimap);
  const box = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const follow = ({ bounds }: Sight): void => {
      if (!box.current || !frame.current) return;
      const [left, top, right, bottom] = shares(bounds, image);
      box.current.hidden = right - left >= WHOLE && bottom - top >= WHOLE && document.activeElement !== box.current;
      Object.assign(frame.current.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    };
    follow(viewer.sightStore.getState());
    return viewer.sightStore.subscribe(follow);
  }, [viewer, image, wanted]);
  if (!wanted) return null;

  const go = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    viewer.centerOn([((event.clientX - left) / width) * image.width, ((event.clientY - top) / height) * image.height]);
  };
  const keyed = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step) viewer.panBy(...step);
    if (step) event.preventDefault();
    if (step) event.stopPropagation();
  };
  const scale = SIDE_PX / Math.max(image.width, image.height);
  return (
    <div
      ref={box}
      className={classes["minimap"]}
      data-testid="minimap"
      hidden
      tabIndex={0}
      role="application"
      aria-label="Small picture of the whole image. Arrow keys move the view."
      style={{ width: Math.max(24, image.width * scale), height: Math.max(24, image.height * scale) }}
      onPointerDown={go}
      onPointerMove={go}
      onKeyDown={keyed}
    >
      <Overview image={image} />
      <div ref={frame} className={classes["minimapFrame"]} data-testid="minimap-frame" />
    </div>
  );
}

/** The picture that lies in the browser anyway: the photo's file, or the tiles of the whole at a coarse zoom. */
function Overview({ image }: { image: ImageFacts }) {
  const choice = usePreference((state) => state.bands[image.bands]);
  const picture = pictureOf(image, { ...DEFAULT_BANDS, ...choice, stretch: "auto" }, null);
  if (picture.kind === "file") return <img src={picture.url} alt="" draggable={false} style={{ width: "100%", height: "100%" }} />;
  return overviewTiles(picture, SIDE_PX).map(({ url, x, y, span }) => (
    <img
      key={url}
      src={url}
      alt=""
      loading="lazy"
      draggable={false}
      style={{ position: "absolute", left: percent(x / image.width), top: percent(y / image.height), width: percent(span / image.width), height: percent(span / image.height) }}
    />
  ));
}

/** What is in sight as shares of the image's sides. */
function shares([left, top, right, bottom]: Sight["bounds"], { width, height }: ImageFacts): readonly [number, number, number, number] {
  const within = (share: number): number => Math.min(1, Math.max(0, share));
  return [within(left / width), within(top / height), within(right / width), within(bottom / height)];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
