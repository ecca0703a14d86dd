import type { ModeTool } from "../../core/kinds";
import { PolygonMode } from "./mode";

export const polygonTool: ModeTool = {
  name: "polygon",
  shape: "polygon",
  title: "Polygon",
  hint: "Click corners; Enter closes.",
  keys: ["P"],
  icon: "M12 4l8 6-3 10h-10l-3-10z",
  tasks: ["segmentation", "detection"],
  order: 0,
  grows: true,
  mode: (bench) => new PolygonMode(bench),
};
