/** The whole image: a classification. It has no place, so nothing on the canvas can hit it. */
import type { ShapeKind, ShapeModule } from "../../core/kinds";
import type { WholeShape } from "./shape";

export const WHOLE: WholeShape = { type: "whole" };

export const whole: ShapeKind<WholeShape> = {
  type: "whole",
  title: "whole image",
  bounds: () => null,
  area: () => Infinity,
  contains: () => false,
  outline: () => ({ lines: [], dots: [] }),
};

const module: ShapeModule<WholeShape> = { kind: whole };

export default module;
