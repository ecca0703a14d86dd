import MultiPolygon from "ol/geom/MultiPolygon.js";
import Polygon from "ol/geom/Polygon.js";
import type { Part } from "../../core/types";
import type { PolygonShape } from "./shape";
import { flatten } from "../../render/space";
import type { Painter } from "../painter";

/** Append a part's rings to the flat list and say where each ends. */
function appendPart(part: Part, flat: number[]): number[] {
  return part.map((ring) => flatten(ring, flat).length);
}

const painter: Painter<PolygonShape> = {
  geometry({ polygons }) {
    const flat: number[] = [];
    const ends = polygons.map((part) => appendPart(part, flat));
    const only = ends[0];
    return only && ends.length === 1 ? new Polygon(flat, "XY", only) : new MultiPolygon(flat, "XY", ends);
  },
};

export default painter;
