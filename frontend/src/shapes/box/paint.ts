import Polygon from "ol/geom/Polygon.js";
import type { BoxShape } from "./shape";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";
import { closedCorners } from "./geometry";

const painter: Painter<BoxShape> = {
  geometry(box) {
    const flat = flatten(closedCorners(box));
    return new Polygon(flat, "XY", [flat.length]);
  },
};

export default painter;
