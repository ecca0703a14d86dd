import LineString from "ol/geom/LineString.js";
import type { PolylineShape } from "./shape";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";

const painter: Painter<PolylineShape> = { geometry: (line) => new LineString(flatten(line.points), "XY") };

export default painter;
