/** The kinds of shapes that can be drawn, each once however many tools draw it. */
import { drawTools, moduleOf } from "@/shapes/kinds";

export interface DrawnShape {
  readonly type: string;
  readonly title: string;
  /** Tasks that offer it when the campaign does not choose. */
  readonly tasks: readonly string[];
}

export function drawnShapes(): DrawnShape[] {
  const types = [...new Set(drawTools().map(({ shape }) => shape))];
  return types.map((type) => {
    const { title } = moduleOf(type).kind;
    const tasks = new Set(drawTools().filter((tool) => tool.shape === type).flatMap((tool) => tool.tasks));
    return { type, title: title.charAt(0).toUpperCase() + title.slice(1), tasks: [...tasks] };
  });
}
