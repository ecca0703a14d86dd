/** Every kind of shape by name, as it is drawn: the `paint.ts` of each folder. */
import type { Shape } from "../core/types";
import type { Painter } from "./painter";

const folders = import.meta.glob<{ readonly default: Painter<never> }>("./*/paint.ts", { eager: true });
const painters = new Map(Object.entries(folders).map(([path, folder]) => [path.split("/")[1], folder.default as unknown as Painter<Shape>]));

/** The painter of a shape; sound because a folder has the name that the shape carries. */
export function painterOf<S extends Shape>(shape: S): Painter<S> {
  const painter = painters.get(shape.type);
  if (!painter) throw new Error(`src/shapes/${shape.type} has no paint.ts.`);
  return painter as unknown as Painter<S>;
}
