import type { BackboneChoice } from "@/api/likeness";

/** What a person has chosen so far, of all three kinds, so that going back and forth loses nothing. */
export interface Wanted {
  readonly kind: BackboneChoice["kind"];
  readonly size: string;
  readonly library: string;
  readonly architecture: string;
  readonly side: number;
  readonly normalisation: string;
  readonly file: File | null;
  /** An id, as the list has it. */
  readonly model: string | null;
}

export const FRESH: Wanted = { kind: "installed", size: "medium", library: "torchvision", architecture: "", side: 224, normalisation: "imagenet", file: null, model: null };

/** What to ask the server for; null while something is missing. */
export function choiceOf({ kind, size, library, architecture, side, normalisation, file, model }: Wanted): BackboneChoice | null {
  switch (kind) {
    case "installed":
      return { kind, size };
    case "model":
      return model === null ? null : { kind, model: Number(model) };
    case "weights": {
      const name = architecture.trim();
      if (name === "" || side < 32 || side > 1024) return null;
      return { kind, library, architecture: name, side_px: side, normalisation, ...(file === null ? {} : { file }) };
    }
  }
}
