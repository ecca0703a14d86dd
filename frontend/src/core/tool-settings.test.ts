import { describe, expect, it } from "vitest";
import { ToolSettings, type Setting } from "./tool-settings";

const SIZE: Setting<number> = { name: "test.size_px", initial: 20 };

describe("settings of tools", () => {
  it("begin as the tool says, and keep what was chosen", () => {
    const settings = new ToolSettings();
    expect(settings.get(SIZE)).toBe(20);
    settings.set(SIZE, 7);
    expect(settings.get(SIZE)).toBe(7);
  });

  it("that an older version stored with another type count as never chosen", () => {
    expect(new ToolSettings({ "test.size_px": "large" }).get(SIZE)).toBe(20);
  });
});
