import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiProblem } from "@/api/problems";
import type { ImportReport, ImportResult } from "@/api/types";
import { chunksOf, LIMITS, runQueue, type Sender, sentShares, settledRows, tally, type UploadRow } from "./uploadQueue";

function row(key: number, name: string, size = 10): UploadRow {
  return { key, name, size, state: "waiting", sent: 0, detail: "", file: new File(["x"], name) };
}

function result(name: string, status: string, detail = ""): ImportResult {
  return { name, status, image: null, code: "", detail };
}

function created(names: readonly string[]): ImportReport {
  return { results: names.map((name) => result(name, "created")), created: names.length, duplicates: 0, refused: 0 };
}

/** Rows as the store keeps them. */
function table(rows: UploadRow[]) {
  let now = rows;
  let key = 1000;
  return {
    rows: () => now,
    replace: (keys: readonly number[], fresh: readonly UploadRow[]) => {
      const at = now.findIndex((one) => one.key === keys[0]);
      now = [...now.slice(0, at), ...fresh, ...now.slice(at + keys.length)];
    },
    nextKey: () => ++key,
  };
}

describe("requests", () => {
  it("hold every file once, in order, within the limits", () => {
    const files = fc.array(fc.record({ name: fc.constantFrom("a.jpg", "b.png", "c.zip"), size: fc.nat(40_000_000) }), { maxLength: 120 });
    fc.assert(
      fc.property(files, (list) => {
        const chunks = chunksOf(list);
        expect(chunks.flat()).toEqual(list);
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(LIMITS.files);
          if (chunk.length > 1) expect(chunk.reduce((sum, file) => sum + file.size, 0)).toBeLessThanOrEqual(LIMITS.bytes);
          if (chunk.some((file) => file.name.endsWith(".zip"))) expect(chunk).toHaveLength(1);
        }
      }),
    );
  });

  it("2,000 small files travel in 100 requests", () => {
    expect(chunksOf(Array.from({ length: 2000 }, (_, index) => ({ name: `${index}.jpg`, size: 60_000 })))).toHaveLength(100);
  });

  it("bytes that are out belong to the first files", () => {
    expect(sentShares([10, 20, 10], 20)).toEqual([1, 0.5, 0]);
    expect(sentShares([10, 20], 1000)).toEqual([1, 1]);
    expect(sentShares([0, 5], 0)).toEqual([0, 0]);
  });
});

describe("answers", () => {
  const key = () => 99;

  it("settle file by file", () => {
    const rows = [row(1, "a.jpg"), row(2, "b.svg")];
    const settled = settledRows(rows, [result("a.jpg", "duplicate"), result("b.svg", "refused", "Convert it to PNG.")], key);
    expect(settled.map((one) => [one.state, one.detail])).toEqual([["duplicate", ""], ["refused", "Convert it to PNG."]]);
  });

  it("find their files by name when some are missing", () => {
    const settled = settledRows([row(1, "set/a.jpg"), row(2, "b.jpg")], [result("b.jpg", "created")], key);
    expect(settled.map((one) => one.state)).toEqual(["failed", "created"]);
  });

  it("open a zip into its members", () => {
    const settled = settledRows([row(1, "all.zip")], created(["x.jpg", "y.jpg"]).results, key);
    expect(settled.map((one) => [one.key, one.name, one.state])).toEqual([[1, "x.jpg", "created"], [99, "y.jpg", "created"]]);
    expect(settledRows([row(1, "all.zip")], [], key)[0]?.state).toBe("refused");
  });
});

describe("the queue", () => {
  it("sends everything and settles every row", async () => {
    const rows = Array.from({ length: 65 }, (_, index) => row(index, `${index}.jpg`));
    const state = table(rows);
    let open = 0;
    let most = 0;
    const send: Sender = async ({ files, onSent }) => {
      open += 1;
      most = Math.max(most, open);
      onSent(5);
      await Promise.resolve();
      open -= 1;
      return created(files.map((file) => file.name));
    };
    await runQueue(rows, 1, "", state, new AbortController().signal, send);
    expect(tally(state.rows())).toMatchObject({ total: 65, finished: 65, created: 65, share: 1 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it("a request that fails marks its own files and the rest goes in", async () => {
    const rows = Array.from({ length: 40 }, (_, index) => row(index, `${index}.jpg`));
    const state = table(rows);
    const send: Sender = async ({ files }) => {
      if (files[0]?.name === "0.jpg") throw new ApiProblem(413, {});
      return created(files.map((file) => file.name));
    };
    await runQueue(rows, 1, "", state, new AbortController().signal, send);
    expect(tally(state.rows())).toMatchObject({ created: 20, failed: 20 });
    expect(state.rows()[0]?.detail).toContain("Send less at once");
  });

  it("stops when it is told to", async () => {
    const rows = Array.from({ length: 200 }, (_, index) => row(index, `${index}.jpg`));
    const state = table(rows);
    const stop = new AbortController();
    const send: Sender = async ({ files }) => {
      stop.abort();
      return created(files.map((file) => file.name));
    };
    await runQueue(rows, 1, "", state, stop.signal, send);
    expect(tally(state.rows()).created).toBeLessThanOrEqual(60);
  });
});
