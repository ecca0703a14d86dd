import { describe, expect, it } from "vitest";
import type { ImportedCard } from "@/api/types";
import { withCard } from "./cardImport";

const card: ImportedCard = {
  name: "Clouds",
  description: "",
  version: "2",
  task: "segmentation",
  classes: [{ index: 0, name: "clear" }],
  options: { image_format: "geotiff", extra: { width: 256 } },
  card: { licence: "Apache-2.0" },
  warnings: [],
};

describe("an imported card", () => {
  it("fills in a blank form, and what it does not tell stays open", () => {
    expect(withCard(undefined, card, undefined)).toEqual({
      name: "Clouds",
      version: "2",
      classes: [{ index: 0, name: "clear" }],
      task: "segmentation",
      options: { image_format: "geotiff", extra: { width: 256 } },
      card: { licence: "Apache-2.0" },
    });
  });

  it("keeps the address and the settings that a probe found", () => {
    const start = { url: "http://m/v2", protocol: "oip", name: "net", options: { threshold: 0.2, extra: { width: 64, input: "x" } } };
    const filled = withCard(start, { ...card, name: "", classes: [] }, "detection");
    expect(filled).toMatchObject({ url: "http://m/v2", protocol: "oip", name: "net", task: "detection" });
    expect(filled.options).toEqual({ threshold: 0.2, image_format: "geotiff", extra: { width: 256, input: "x" } });
    expect(filled.classes).toBeUndefined();
  });
});
