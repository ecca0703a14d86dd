/** Every kind of shape by name, found by looking into the folders beside this file: a new shape is a new folder. */
import type { DrawTool, ShapeCommand, ShapeKind, ShapeModule, ToolModule } from "../core/kinds";
import type { Shape, ShapeType } from "../core/types";

// Whole modules and no single names: folders may import what imports this file, and the names are read only when they are needed.
const folders = import.meta.glob<{ readonly default: ShapeModule<never> }>("./*/index.ts", { eager: true });

const toolFolders = import.meta.glob<{ readonly default: ToolModule }>("../modes/*/index.ts", { eager: true });

function toolModules(): readonly ToolModule[] {
  return Object.values(toolFolders).map((folder) => folder.default);
}

let found: ReadonlyMap<string, ShapeModule> | null = null;

function modules(): ReadonlyMap<string, ShapeModule> {
  found ??= new Map(Object.values(folders).map((folder) => [(folder.default.kind as ShapeKind<Shape>).type, folder.default as unknown as ShapeModule]));
  return found;
}

/** What the folder of a shape's type gives. */
export function moduleOf(type: string): ShapeModule {
  const known = modules().get(type);
  if (!known) throw new Error(`No folder of src/shapes speaks for the shape ${JSON.stringify(type)}.`);
  return known;
}

/** The kind of a shape. The cast is sound: a module is found by the very name that the shape carries. */
export function kindOf<S extends Shape>(shape: S): ShapeKind<S> {
  return moduleOf(shape.type).kind as unknown as ShapeKind<S>;
}

export function isKnownShape(type: string): type is ShapeType {
  return modules().has(type);
}

let sorted: readonly DrawTool[] | null = null;

/** Every tool that draws, in the order of the toolbar. */
export function drawTools(): readonly DrawTool[] {
  sorted ??= [...modules().values(), ...toolModules()].flatMap((module) => module.tools ?? []).sort((a, b) => a.order - b.order);
  return sorted;
}

export function toolNamed(name: string): DrawTool | undefined {
  return drawTools().find((tool) => tool.name === name);
}

/** Commands of shapes, each with the shape that it works on; those of tools that make several shapes name none. */
export function shapeCommands(): readonly (ShapeCommand & { readonly shape?: string })[] {
  const ofShapes = [...modules()].flatMap(([shape, module]) => (module.commands ?? []).map((command) => ({ ...command, shape })));
  return [...ofShapes, ...toolModules().flatMap((module) => module.commands ?? [])];
}
