/** Turn ellipses, and make polygons of them. */
import { setShape } from "../../actions/annotations";
import type { Bench } from "../../core/bench";
import type { AnnotationDocument } from "../../core/document";
import { rounded } from "../../core/geometry";
import type { ShapeCommand } from "../../core/kinds";
import type { Annotation, Point, Shape } from "../../core/types";
import { polygonOf } from "../polygon/geometry";
import { turnedTo } from "./editor";
import { ringOf } from "./geometry";
import type { EllipseShape } from "./shape";

interface EllipseAnnotation extends Annotation {
  readonly shape: EllipseShape;
}

function isEllipse(annotation: Annotation | undefined): annotation is EllipseAnnotation {
  return annotation?.shape.type === "ellipse";
}

function change(document: AnnotationDocument, ids: readonly string[], next: (ellipse: EllipseShape) => Shape): AnnotationDocument {
  return ids.reduce((all, id) => {
    const annotation = all.get(id);
    return isEllipse(annotation) ? setShape(all, id, next(annotation.shape)) : all;
  }, document);
}

export function turnEllipses(document: AnnotationDocument, ids: readonly string[], degrees: number): AnnotationDocument {
  return change(document, ids, (ellipse) => turnedTo(ellipse, ellipse.rotation + degrees));
}

/** The outline takes the place of the ellipse, at most a tenth of a pixel away from it. */
export function ellipsesToPolygons(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  return change(document, ids, (ellipse) => polygonOf(ringOf(ellipse).slice(0, -1).map(([x, y]): Point => [rounded(x), rounded(y)])));
}

function selected(bench: Bench): readonly string[] {
  return bench.selection().filter((id) => isEllipse(bench.document().get(id)) && bench.isFree(id));
}

const when = (bench: Bench): boolean => selected(bench).length > 0;

function turn(degrees: number, keys: readonly string[]): ShapeCommand {
  const way = degrees < 0 ? "left" : "right";
  return {
    id: `ellipse-turn-${way}-${Math.abs(degrees)}`, title: `Turn the ellipse ${way} by ${Math.abs(degrees)}°`, keys, when,
    run: (bench) => {
      const ids = selected(bench);
      bench.apply("Turned", (document) => turnEllipses(document, ids, degrees), `turn ${ids.join()}`);
    },
  };
}

export const ellipseCommands: readonly ShapeCommand[] = [
  turn(-15, ["<", ";"]),
  turn(-1, [","]),
  turn(1, ["."]),
  turn(15, [">", ":"]),
  {
    id: "ellipse-to-polygon", title: "Turn the ellipse into a polygon", keys: ["Alt+P"], when,
    run: (bench) => {
      if (!bench.takes("polygon")) return bench.say("This campaign takes no polygons.");
      const ids = selected(bench);
      bench.apply("Made a polygon of an ellipse", (document) => ellipsesToPolygons(document, ids));
    },
  },
];
