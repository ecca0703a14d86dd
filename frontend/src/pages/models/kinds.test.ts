import { describe, expect, it } from "vitest";
import { isOnnx, kindOf, nameOfFile } from "./kinds";

describe("what a model is to people", () => {
  it("is an ONNX file by its protocol, and else its kind", () => {
    expect(kindOf({ kind: "internal", protocol: "onnx" })).toBe("onnx");
    expect(kindOf({ kind: "internal", protocol: "local" })).toBe("internal");
    expect(kindOf({ kind: "external", protocol: "oip" })).toBe("external");
    expect([isOnnx(null), isOnnx({ protocol: "onnx" })]).toEqual([false, true]);
  });

  it("starts with the file's name in words", () => {
    expect(nameOfFile("yolo11n-ships_v2.onnx")).toBe("yolo11n ships v2");
    expect(nameOfFile("net")).toBe("net");
  });
});
