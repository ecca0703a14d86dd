import { describe, expect, it, vi } from "vitest";
import { PictureQueue, type Ask } from "./queue";
import { foldersOf, linesOf, tableOf, withoutLabel, type Line, type Predicted } from "./results";

const label = (id: number, name: string) => ({ id, name });
const box = { type: "box", x: 1, y: 2, width: 3, height: 4, rotation: 0 };
const predicted = (change: Partial<Predicted>): Predicted => ({
  model: { id: 1, name: "Net", version: "1", checkpoint: "best" }, image: { name: "a.png", width: 9, height: 9 }, task: "classification",
  thresholds: {}, labels: [], objects: [], unmapped: {}, unsure: false, warnings: [], latency_ms: 1, ...change,
});

const scores = predicted({ labels: [{ label: label(1, "Land"), confidence: 0.7, positive: true, unsure: true }, { label: label(2, "Water"), confidence: 0.6, positive: true, unsure: false }] });

describe("what a model said of a picture", () => {
  it("has one label at most where a campaign asks for one, and each above its threshold where it takes many", () => {
    expect(linesOf(scores, { all: 0.5, byLabel: {} }, true).map(({ positive }) => positive)).toEqual([true, false]);
    expect(linesOf(scores, { all: 0.5, byLabel: {} }, false).map(({ positive }) => positive)).toEqual([true, true]);
    expect(linesOf(scores, { all: 0.5, byLabel: { 1: 0.8 } }, true).map(({ positive }) => positive)).toEqual([false, false]);
  });

  it("says of which lines a person should decide", () => {
    expect(linesOf(scores, { all: 0.5, byLabel: {} }, false).map(({ name, unsure }) => [name, unsure])).toEqual([["Land", true], ["Water", false]]);
  });

  it("tells the classes that stand for no label from an empty picture", () => {
    expect(withoutLabel(predicted({ unmapped: { water: 2, land: 1 } }))).toBe("water, land");
    expect(withoutLabel(predicted({}))).toBe("");
    expect(withoutLabel(predicted({ unmapped: Object.fromEntries("abcdefgh".split("").map((name) => [name, 1])) }))).toBe("a, b, c, d, e, f, …");
  });

  it("lists the surest first and counts as found what came without a confidence", () => {
    const things = predicted({ objects: [{ label: label(2, "Water"), confidence: 0.2, shape: box, unsure: false }, { label: label(1, "Land"), confidence: null, shape: box, unsure: false }] });
    expect(linesOf(things, { all: 0.5, byLabel: {} }, false).map(({ name, positive }) => [name, positive])).toEqual([["Land", true], ["Water", false]]);
  });

  const line = (name: string, positive = true): Line => ({ label: 1, name, confidence: 0.5, positive, shape: null, unsure: false });

  it("becomes a table that a spreadsheet reads as text", () => {
    const rows = [{ file: 'a, "b".png', lines: [line("=SUM(A1)"), line("Land", false)] }];
    expect(tableOf(rows)).toBe(`file,label,confidence,shape\r\n"a, ""b"".png",'=SUM(A1),0.5000,whole\r\n`);
  });

  it("lies in the folder of each label that it has, and two files of one name stay two", () => {
    const rows = [{ file: "a.png", lines: [line("Land"), line("Sea/Lake")] }, { file: "a.png", lines: [line("Land")] }, { file: "b.png", lines: [line("Land", false)] }];
    expect([...foldersOf(rows)]).toEqual([["Land", ["a.png", "a (2).png"]], ["Sea_Lake", ["a.png"]], ["no label", ["b.png"]]]);
  });
});

describe("pictures on their way", () => {
  const files = (count: number): File[] => Array.from({ length: count }, (_, number) => new File(["x"], `${number}.tif`));

  it("go two at a time, in their order, and one that fails may be asked about again", async () => {
    let flying = 0;
    let most = 0;
    const asked: string[] = [];
    let broken = true;
    const ask: Ask = async (file) => {
      asked.push(file.name);
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((resolve) => setTimeout(resolve, 1));
      flying -= 1;
      if (file.name === "1.tif" && broken) throw new Error("It is asleep.");
      return scores;
    };
    const queue = new PictureQueue(ask);
    queue.add(files(5));
    const states = (): string[] => queue.store.getState().pictures.map(({ state }) => state);
    await vi.waitFor(() => expect(states()).toEqual(["answered", "failed", "answered", "answered", "answered"]));
    expect([most, asked]).toEqual([2, ["0.tif", "1.tif", "2.tif", "3.tif", "4.tif"]]);
    broken = false;
    queue.again(2);
    await vi.waitFor(() => expect(states()[1]).toBe("answered"));
  });

  it("are asked about anew when another model is chosen, and late answers of the one before count for nothing", async () => {
    let answer = (): void => undefined;
    const slow: Ask = () => new Promise((resolve) => (answer = () => resolve(predicted({ task: "detection" }))));
    const queue = new PictureQueue(slow);
    queue.add(files(1));
    queue.askOf(async () => scores);
    answer();
    await vi.waitFor(() => expect(queue.store.getState().pictures[0]?.answer?.task).toBe("classification"));
  });
});
