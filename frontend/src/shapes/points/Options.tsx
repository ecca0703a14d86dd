import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useStore } from "zustand";
import { remove, setShape } from "@/actions/annotations";
import { boundsOf } from "@/core/geometry";
import { templateBy, type Skeleton } from "@/core/skeleton";
import type { Annotation, Point, Size } from "@/core/types";
import { KeyHint } from "@/keys/KeyHint";
import type { Session } from "@/modes/session";
import type { OptionsProps } from "@/pages/labeling/ToolOptions";
import { SkeletonPicture } from "@/parts/SkeletonPicture";
import { absent, isThere, missingNames, renamed, visibilityToggled, withoutPoint, withPoint } from "./actions";
import { pointsCommands } from "./commands";
import { pointsModeOf } from "./draw-mode";
import { editModeOf } from "./edit-mode";
import classes from "./Points.module.css";
import type { NamedPoint, PointsShape } from "./shape";

interface PointsAnnotation extends Annotation {
  readonly shape: PointsShape;
}

/** While points are placed: which is next. Otherwise: the points of the selected object, one by one. */
export default function PointsOptions({ session }: OptionsProps) {
  // Modes keep their state to themselves; whatever they change, they draw the overlay anew.
  useStore(session.store, (state) => state.overlay);
  const selection = useStore(session.store, (state) => state.selection);
  const document = useStore(session.store, (state) => state.history.present.document);
  const [id, ...others] = selection;
  const selected = id !== undefined && others.length === 0 ? document.get(id) : undefined;
  const drawing = pointsModeOf(session);
  return (
    <section className={classes["panel"]} aria-label="Points">
      {drawing?.progress && <Progress session={session} />}
      <Buttons session={session} />
      {selected?.shape.type === "points" && !drawing?.progress?.begun && <PointList session={session} annotation={selected as PointsAnnotation} />}
    </section>
  );
}

function Progress({ session }: { session: Session }) {
  const guide = pointsModeOf(session)?.progress;
  if (!guide) return null;
  const { skeleton, placed, next } = guide;
  const title = `Next: ${next ?? "nothing"}, point ${placed.length + 1} of ${skeleton.points.length}`;
  return (
    <div data-testid="skeleton-progress">
      <SkeletonPicture skeleton={skeleton} title={title} next={next} done={new Set(placed.map(({ name }) => name))} className={classes["picture"]} />
      <p className={classes["name"]} data-testid="next-point">
        Next: <strong>{next}</strong> · {placed.length + 1} of {skeleton.points.length}
      </p>
    </div>
  );
}

const SHORT: Readonly<Record<string, string>> = { "points-hidden": "Hidden", "points-absent": "Not there", "points-fill": "Place the rest", "points-gather": "One object", "points-remove": "Remove", "points-add": "Put back", "points-mirror": "Swap sides" };

function Buttons({ session }: { session: Session }) {
  return (
    <div className={classes["buttons"]}>
      {pointsCommands.filter((command) => command.when(session)).map((command) => (
        <Button key={command.id} size="compact-xs" variant="default" data-testid={command.id} title={command.title} onClick={() => command.run(session)} rightSection={<KeyHint command={command.id} />}>
          {SHORT[command.id] ?? command.title}
        </Button>
      ))}
    </div>
  );
}

/** Every point with its name and whether it is seen: the way to edit points without a pointer. */
function PointList({ session, annotation }: { session: Session; annotation: PointsAnnotation }) {
  const skeleton = session.skeleton(annotation.label);
  const free = session.isFree(annotation.id);
  const names = new Set(skeleton?.points.map(({ name }) => name));
  const shown = skeleton ? [...annotation.shape.points, ...missingNames(annotation.shape, skeleton).filter((name) => !annotation.shape.points.some((point) => point.name === name)).map(absent)] : annotation.shape.points;
  return (
    <ul className={classes["list"]} aria-label="Points of the selected object">
      {shown.map((point, index) => (
        <PointRow key={skeleton ? point.name : index} session={session} annotation={annotation} point={point} index={index} fixed={names.has(point.name)} disabled={!free} />
      ))}
    </ul>
  );
}

interface RowProps {
  session: Session;
  annotation: PointsAnnotation;
  point: NamedPoint;
  index: number;
  /** The skeleton names it: its name stays. */
  fixed: boolean;
  disabled: boolean;
}

const VISIBILITIES = [{ value: "2", label: "visible" }, { value: "1", label: "hidden" }];

function PointRow({ session, annotation, point, index, fixed, disabled }: RowProps) {
  const { id, shape, label } = annotation;
  const skeleton = session.skeleton(label);
  const marked = editModeOf(session)?.marked === index;
  const what = point.name === "" ? `point ${index + 1}` : point.name;
  const change = (title: string, next: PointsShape | null, mergeKey?: string): void =>
    session.apply(title, (document) => (next ? setShape(document, id, next) : remove(document, [id])), mergeKey);
  const see = (value: string): void => {
    if (value === "0") change("Removed a point", withoutPoint(shape, index, skeleton));
    else if (!isThere(point)) change("Added a point", withPoint(shape, point.name, expectedAt(shape, point.name, skeleton, session.size), value === "1" ? 1 : 2, session.size, skeleton));
    else if (Number(value) !== point.v) change("Changed a point's visibility", visibilityToggled(shape, index));
  };
  return (
    <li className={classes["row"]} data-marked={marked} data-testid="point-row" onPointerEnter={() => editModeOf(session)?.mark(isThere(point) ? index : null)}>
      {fixed ? (
        <span className={classes["name"]}>{point.name}</span>
      ) : (
        <TextInput size="xs" className={classes["name"] ?? ""} aria-label={`Tag of ${what}`} placeholder="tag" value={point.name} maxLength={100} disabled={disabled} data-testid="point-tag" onChange={(event) => change("Tagged a point", renamed(shape, index, event.currentTarget.value), `tag ${id} ${index}`)} />
      )}
      <NativeSelect size="xs" w={106} aria-label={`Visibility of ${what}`} value={String(point.v)} disabled={disabled} data-testid="point-visibility" onChange={(event) => see(event.currentTarget.value)} data={fixed || point.v === 0 ? [...VISIBILITIES, { value: "0", label: "not there" }] : VISIBILITIES} />
      {!fixed && (
        <ActionIcon size={24} variant="subtle" color="gray" aria-label={`Remove ${what}`} disabled={disabled} onClick={() => change("Removed a point", withoutPoint(shape, index, skeleton))}>
          <IconX size={14} />
        </ActionIcon>
      )}
    </li>
  );
}

/** Where a point appears that comes back without a pointer: where the template expects it, else amid the others. */
function expectedAt(shape: PointsShape, name: string, skeleton: Skeleton | null, size: Size): Point {
  const there = new Map(shape.points.filter(isThere).map((point): [string, Point] => [point.name, [point.x, point.y]]));
  const expected = skeleton ? templateBy(skeleton, there)?.get(name) : undefined;
  const bounds = boundsOf(there.values());
  return expected ?? (bounds ? [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2] : [size.width / 2, size.height / 2]);
}
