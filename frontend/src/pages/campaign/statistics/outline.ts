/** Annotation shapes as paths of an SVG, in pixels of the image. */

type Pair = readonly [number, number];

function closed(points: readonly Pair[]): string {
  return points.length === 0 ? "" : `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`;
}

function turned([x, y]: Pair, [cx, cy]: Pair, degrees: number): Pair {
  const angle = (degrees * Math.PI) / 180;
  const [dx, dy] = [x - cx, y - cy];
  return [cx + dx * Math.cos(angle) - dy * Math.sin(angle), cy + dx * Math.sin(angle) + dy * Math.cos(angle)];
}

function rectangle(x: number, y: number, width: number, height: number, rotation = 0): string {
  const corners: Pair[] = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  return closed(rotation === 0 ? corners : corners.map((corner) => turned(corner, [x + width / 2, y + height / 2], rotation)));
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The outline of a shape: rings of a polygon, corners of a box, the box around a mask, a small square at each point. */
export function outlineOf(shape: Readonly<Record<string, unknown>>): string {
  const { bbox, polygons, points } = shape;
  if (Array.isArray(polygons)) return (polygons as Pair[][][]).flat().map(closed).join("");
  if (Array.isArray(points)) return (points as { x: number; y: number; v?: number }[]).filter((point) => point.v !== 0).map(({ x, y }) => rectangle(x - 2, y - 2, 4, 4)).join("");
  if (Array.isArray(bbox)) {
    const [x = 0, y = 0, width = 0, height = 0] = bbox as number[];
    return rectangle(x, y, width, height);
  }
  if (typeof shape["rx"] === "number") return rectangle(number(shape["cx"]) - shape["rx"], number(shape["cy"]) - number(shape["ry"]), 2 * shape["rx"], 2 * number(shape["ry"]), number(shape["rotation"]));
  return typeof shape["width"] === "number" ? rectangle(number(shape["x"]), number(shape["y"]), shape["width"], number(shape["height"]), number(shape["rotation"])) : "";
}
