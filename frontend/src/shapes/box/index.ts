import type { ShapeKind } from "../../core/kinds";
import type { BoxShape } from "../../core/types";
import { boxEditor } from "./editor";
import { area, bounds, contains, move, outline } from "./geometry";

export const box: ShapeKind<BoxShape> = { type: "box", title: "box", bounds, area, contains, move, outline, editor: boxEditor };
