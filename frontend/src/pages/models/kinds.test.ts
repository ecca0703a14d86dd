import { describe, expect, it } from "vitest";
import { agentCommand, isOnnx, isPulled, kindOf, nameOfFile } from "./kinds";

describe("what a model is to people", () => {
  it("is an ONNX file by its protocol, and else its kind", () => {
    expect(kindOf({ kind: "internal", protocol: "onnx" })).toBe("onnx");
    expect(kindOf({ kind: "internal", protocol: "local" })).toBe("internal");
    expect(kindOf({ kind: "external", protocol: "oip" })).toBe("external");
    expect([isOnnx(null), isOnnx({ protocol: "onnx" })]).toEqual([false, true]);
  });

  it("fetches its work where its protocol says so, by a command that names the model once it has a number", () => {
    expect([isPulled({ protocol: "agent" }), isPulled({ protocol: "winnow" })]).toEqual([true, false]);
    expect(agentCommand("https://label.example.org", 7)).toBe("winnow-agent --url https://label.example.org --model 7 --token-file token.txt --function function.py");
    expect(agentCommand("https://label.example.org", null)).toContain("--model NUMBER ");
  });

  it("starts with the file's name in words", () => {
    expect(nameOfFile("yolo11n-ships_v2.onnx")).toBe("yolo11n ships v2");
    expect(nameOfFile("net")).toBe("net");
  });
});
