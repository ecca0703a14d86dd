import Polygon from "ol/geom/Polygon.js";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";
import { ringOf } from "./geometry";
import type { EllipseShape } from "./shape";

/** Finer than what is exported, since a person looks at it from close. */
const DRAWN_TOLERANCE_PX = 0.01;

const painter: Painter<EllipseShape> = {
  geometry(ellipse) {
    const flat = flatten(ringOf(ellipse, DRAWN_TOLERANCE_PX));
    return new Polygon(flat, "XY", [flat.length]);
  },
};

export default painter;
