import type { ShapeKind } from "../../core/kinds";
import type { PolygonShape } from "../../core/types";
import { polygonEditor } from "./editor";
import { area, bounds, contains, move, outline } from "./geometry";

export const polygon: ShapeKind<PolygonShape> = { type: "polygon", title: "polygon", bounds, area, contains, move, outline, editor: polygonEditor };
