/** The whole image: a classification. It has no place, so nothing on the canvas can hit it. */
import type { ShapeKind } from "../../core/kinds";
import type { WholeShape } from "../../core/types";

export const WHOLE: WholeShape = { type: "whole" };

export const whole: ShapeKind<WholeShape> = {
  type: "whole",
  title: "whole image",
  bounds: () => null,
  area: () => Infinity,
  contains: () => false,
  outline: () => ({ lines: [], dots: [] }),
};
