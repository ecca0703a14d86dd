import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { SIDE_COLORS, sideOf, sideOfEdge, type Side, type Skeleton } from "@/core/skeleton";
import { SkeletonMark } from "../SkeletonPicture";
import { added, edgeToggled, placed, removed } from "./drafts";
import classes from "./Skeleton.module.css";

interface Props {
  skeleton: Skeleton;
  onChange: (skeleton: Skeleton) => void;
  chosen: string | null;
  onChoose: (name: string | null) => void;
  /** Dragging from point to point connects them; otherwise it moves them. Shift does the other of the two. */
  connecting: boolean;
}

interface Drag {
  readonly name: string;
  readonly connects: boolean;
  readonly to: readonly [number, number];
}

const MARGIN = 6;
const REACH = 0.045;
const STEPS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function colorOf(side: Side): string {
  return side === "middle" ? "var(--mantine-color-text)" : SIDE_COLORS[side];
}

/** The template as a picture that is drawn by hand: click to add, drag to move or connect; each point takes the focus and obeys keys. */
export function Template({ skeleton, onChange, chosen, onChoose, connecting }: Props) {
  const { t } = useTranslation();
  const picture = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [from, setFrom] = useState<string | null>(null);
  const placeOf = (event: PointerEvent): readonly [number, number] => {
    const box = picture.current?.getBoundingClientRect();
    const share = (at: number, start: number, length: number): number => (((at - start) / length) * (100 + 2 * MARGIN) - MARGIN) / 100;
    return box ? [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)] : [0, 0];
  };
  const under = ([x, y]: readonly [number, number]): string | null => {
    const near = skeleton.points.map((point) => ({ name: point.name, away: Math.hypot(point.x - x, point.y - y) })).filter(({ away }) => away <= REACH);
    return near.sort((a, b) => a.away - b.away)[0]?.name ?? null;
  };
  const down = (event: PointerEvent<SVGSVGElement>): void => {
    if (event.button !== 0) return;
    const at = placeOf(event);
    const name = under(at);
    event.currentTarget.setPointerCapture(event.pointerId);
    if (name !== null) setDrag({ name, connects: connecting !== event.shiftKey, to: at });
    else {
      const made = added(skeleton, ...at);
      onChange(made.skeleton);
      onChoose(made.name);
      return;
    }
    onChoose(name);
  };
  const move = (event: PointerEvent): void => {
    if (!drag) return;
    const to = placeOf(event);
    setDrag({ ...drag, to });
    if (!drag.connects) onChange(placed(skeleton, drag.name, ...to));
  };
  const up = (event: PointerEvent): void => {
    const target = drag?.connects ? under(placeOf(event)) : null;
    if (drag && target !== null) onChange(edgeToggled(skeleton, drag.name, target));
    setDrag(null);
  };
  const key = (event: KeyboardEvent, name: string): void => {
    const [step, point] = [STEPS[event.key], skeleton.points.find((known) => known.name === name)];
    const by = event.shiftKey ? 0.05 : 0.01;
    if (step && point) onChange(placed(skeleton, name, point.x + step[0] * by, point.y + step[1] * by));
    else if (event.key === "Delete" || event.key === "Backspace") onChange(removed(skeleton, name));
    else if (event.key.toLowerCase() === "c") {
      if (from !== null) onChange(edgeToggled(skeleton, from, name));
      setFrom(from === null ? name : null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const places = new Map(skeleton.points.map(({ name, x, y }) => [name, [x * 100, y * 100] as const]));
  const start = drag?.connects ? places.get(drag.name) : undefined;
  return (
    <svg
      ref={picture} className={classes["template"]} viewBox={`${-MARGIN} ${-MARGIN} ${100 + 2 * MARGIN} ${100 + 2 * MARGIN}`} role="group" aria-label={t("skeleton.template")} data-testid="skeleton-template"
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}
    >
      <rect x={0} y={0} width={100} height={100} className={classes["sheet"]} />
      {skeleton.edges.map((edge) => {
        const [a, b] = [places.get(edge[0]), places.get(edge[1])];
        return a && b && <line key={edge.join()} x1={a[0]} y1={a[1]} x2={b[0]} y2={b[1]} stroke={colorOf(sideOfEdge(skeleton, edge))} strokeWidth={1.1} data-testid="skeleton-edge" />;
      })}
      {start && drag && <line x1={start[0]} y1={start[1]} x2={drag.to[0] * 100} y2={drag.to[1] * 100} className={classes["growing"]} />}
      {skeleton.points.map(({ name, x, y }) => (
        <g
          key={name} tabIndex={0} role="button" aria-pressed={chosen === name} className={classes["point"]} data-testid={`template-${name}`}
          aria-label={t("skeleton.pointAt", { name, x: Math.round(x * 100), y: Math.round(y * 100) })} onKeyDown={(event) => key(event, name)} onFocus={() => onChoose(name)}
        >
          {(chosen === name || from === name) && <circle cx={x * 100} cy={y * 100} r={4} className={classes[from === name ? "from" : "chosen"]} />}
          <SkeletonMark side={sideOf(skeleton, name)} x={x * 100} y={y * 100} r={2} color={colorOf(sideOf(skeleton, name))} />
          {chosen === name && (
            <text x={Math.min(x * 100 + 4, 70)} y={y * 100 - 4} className={classes["text"]}>
              {name}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}
