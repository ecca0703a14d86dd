import MultiPoint from "ol/geom/MultiPoint.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import type { PointsShape } from "./shape";
import { toView } from "../../render/space";
import type { Painter } from "../painter";

const painter: Painter<PointsShape> = {
  geometry: (shape) => new MultiPoint(shape.points.filter((point) => point.v > 0).map((point) => toView([point.x, point.y]))),
  style: (_, look) =>
    new Style({
      image: new CircleStyle({
        radius: look.emphasis === "plain" ? 4 : 6,
        fill: new Fill({ color: look.draft ? "transparent" : look.color }),
        stroke: new Stroke({ color: look.draft ? look.color : "#ffffff", width: 2 }),
      }),
    }),
};

export default painter;
