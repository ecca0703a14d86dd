import fc from "fast-check";
import { expect, it } from "vitest";
import { complaintOf, objectOf, readable, valueOf, withValue } from "./protocolOptions";
import type { ProtocolOption } from "./protocolOptions";

const plain = { choices: [], help: "", fills: {}, in_extra: true, default: null };
const mapping: ProtocolOption = { ...plain, name: "mapping", title: "Mapping", kind: "json" };
const preset: ProtocolOption = {
  ...plain, name: "preset", title: "Begin with", kind: "choice", default: "JSON", choices: ["JSON", "Vertex"],
  fills: { JSON: { mapping: { items: "predictions[*]" } }, Vertex: { mapping: { items: "predictions[0]" } } },
};
const coords: ProtocolOption = { ...plain, name: "coords", title: "Coordinates", kind: "choice", default: "pixel", choices: ["pixel", "percent"], in_extra: false };
const all = [preset, mapping, coords];

it("a preset fills the mapping in until it is changed", () => {
  expect(valueOf({}, mapping, all)).toEqual({ items: "predictions[*]" });
  const chosen = withValue({}, preset, "Vertex", all);
  expect(chosen).toEqual({ extra: { preset: "Vertex" } });
  expect(valueOf(chosen, mapping, all)).toEqual({ items: "predictions[0]" });
  const edited = withValue(chosen, mapping, { items: "mine" }, all);
  expect(edited).toEqual({ extra: { preset: "Vertex", mapping: { items: "mine" } } });
  expect(valueOf(edited, mapping, all)).toEqual({ items: "mine" });
});

it("another preset takes back what was written over the one before", () => {
  const edited = withValue({ extra: { preset: "Vertex" } }, mapping, { items: "mine" }, all);
  expect(withValue(edited, preset, "JSON", all)).toEqual({ extra: {} });
});

it("a mapping that is the preset's again is not stored", () => {
  const edited = { extra: { mapping: { items: "mine" } } };
  expect(withValue(edited, mapping, { items: "predictions[*]" }, all)).toEqual({ extra: {} });
});

it("an option of every model lies beside the others, and its default is left out", () => {
  expect(withValue({ timeout_s: 5 }, coords, "percent", all)).toEqual({ timeout_s: 5, coords: "percent" });
  expect(withValue({ timeout_s: 5, coords: "percent" }, coords, "pixel", all)).toEqual({ timeout_s: 5 });
  expect(valueOf({ coords: "percent" }, coords, all)).toBe("percent");
});

it("what is stored as nothing is the default", () => {
  expect(valueOf({ extra: { preset: null } }, preset, all)).toBe("JSON");
  expect(valueOf({ extra: "broken" }, preset, all)).toBe("JSON");
});

it("a complaint of the server stands at its option, with the place within it", () => {
  const errors = [{ field: "options.extra.mapping.answer.box.order", detail: "must be one of 'xyxy'." }, { field: "options.coords", detail: "must be one of 'pixel'." }];
  expect(complaintOf(errors, mapping)).toBe("answer.box.order must be one of 'xyxy'.");
  expect(complaintOf(errors, coords)).toBe("must be one of 'pixel'.");
  expect(complaintOf(errors, preset)).toBeNull();
  expect(complaintOf([{ field: "options.extra.mappings", detail: "x" }], mapping)).toBeNull();
});

it("only an object is one", () => {
  expect(objectOf('{"a": 1}')).toEqual({ a: 1 });
  for (const text of ["", "[1]", "null", "3", "{"]) expect(objectOf(text)).toBeNull();
});

it("JSON is written so that it can be read, and means the same", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      expect(JSON.parse(readable(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  const box = { at: ["[2]", "[3]", "[4]", "[5]"], order: "xyxy" };
  expect(readable({ box })).toBe('{"box": {"at": ["[2]", "[3]", "[4]", "[5]"], "order": "xyxy"}}');
  const request = { request: { image: { as: "body" } }, answer: { items: "prediction[*]", index: "[0]", score: "[1]", box } };
  expect(readable(request).split("\n")[1]).toBe('  "request": {"image": {"as": "body"}},');
});
