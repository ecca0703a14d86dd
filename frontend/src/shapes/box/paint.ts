import Polygon from "ol/geom/Polygon.js";
import type { BoxShape } from "../../core/types";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";
import { closedCorners } from "./geometry";

export const boxPainter: Painter<BoxShape> = {
  geometry(box) {
    const flat = flatten(closedCorners(box));
    return new Polygon(flat, "XY", [flat.length]);
  },
};
