import LineString from "ol/geom/LineString.js";
import type { PolylineShape } from "../../core/types";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";

export const polylinePainter: Painter<PolylineShape> = { geometry: (line) => new LineString(flatten(line.points), "XY") };
