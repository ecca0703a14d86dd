import type { WholeShape } from "../../core/types";
import type { Painter } from "../painter";

export const wholePainter: Painter<WholeShape> = { geometry: () => null };
