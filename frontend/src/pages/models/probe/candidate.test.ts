import { describe, expect, it } from "vitest";
import type { Candidate } from "@/api/types";
import { nameFrom, startOf, sureness, taskOf } from "./candidate";

const classes = (names: string[]) => names.map((name, index) => ({ index, name }));

const CANDIDATE: Candidate = {
  protocol: "winnow_json", title: "Winnow (JSON)", confidence: 0.95, url: "http://127.0.0.1:9100/predict", name: "", version: "", task: "classification",
  multi_label: false, classes: classes(["ocean", "land"]), classes_of_tasks: { classification: classes(["ocean", "land"]), segmentation: classes(["water"]) }, options: { extra: { a: 1 } }, evidence: [], choices: [],
};

describe("what a probe found", () => {
  it("fills the form for the campaign's task where the server answers that", () => {
    const start = startOf(CANDIDATE, "segmentation", "s", "X-Key");
    expect(start).toEqual({
      name: "127.0.0.1:9100", version: "1", task: "segmentation", multi_label: false, protocol: "winnow_json", url: CANDIDATE.url, secret: "s", auth_header: "X-Key",
      classes: classes(["water"]), options: { extra: { a: 1 } },
    });
  });

  it("keeps the server's own task where it does not", () => {
    expect(taskOf(CANDIDATE, "detection")).toBe("classification");
    expect(taskOf({ ...CANDIDATE, task: "" }, "detection")).toBe("detection");
    expect(taskOf({ ...CANDIDATE, task: "nonsense" }, undefined)).toBe("classification");
  });

  it("takes no classes of another task", () => {
    expect(startOf({ ...CANDIDATE, classes_of_tasks: {}, task: "" }, "detection", "", "").classes).toEqual(CANDIDATE.classes);
    expect(startOf({ ...CANDIDATE, classes_of_tasks: {}, task: "detection" }, "detection", "", "").classes).toEqual(CANDIDATE.classes);
  });
});

it("a model that told no name gets one from its address", () => {
  expect(nameFrom("https://models.example.org/v1/ships?key=1")).toBe("ships at models.example.org");
  expect(nameFrom("http://127.0.0.1:9100/predict")).toBe("127.0.0.1:9100");
  expect(nameFrom("no url")).toBe("no url");
});

it("sureness has words", () => {
  expect([0.95, 0.6, 0.2].map(sureness)).toEqual(["sure", "likely", "perhaps"]);
});
