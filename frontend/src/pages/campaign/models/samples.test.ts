import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { LANGUAGES, sampleIn, TOKEN } from "./samples";

const TARGET = { origin: "https://winnow.example", campaign: 31, model: 47 };
const PAIRS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** What is still open at the end of a program, texts and comments of a line left out. */
function leftOpen(program: string): string[] {
  const open: string[] = [];
  for (const sign of program.replaceAll(/"(?:\\.|[^"\\])*"|(?<!:)\/\/.*/g, "")) {
    if (Object.values(PAIRS).includes(sign)) open.push(sign);
    else if (sign in PAIRS && open.pop() !== PAIRS[sign]) throw new Error(`${sign} closes nothing`);
  }
  return open;
}

describe("programs that ask a model", () => {
  it.each(LANGUAGES)("in %s say whom to ask, and where the token goes", (language) => {
    const program = sampleIn(language, TARGET);
    expect(program).toContain("https://winnow.example/api/v1/campaigns/31/models/47/predict");
    expect(program.split(TOKEN)).toHaveLength(2);
    expect(program).toContain("picture.jpg");
    expect(leftOpen(program)).toEqual([]);
  });

  it("are sound JavaScript", () => {
    execFileSync("node", ["--input-type=module", "--check"], { input: sampleIn("javascript", TARGET), stdio: "pipe" });
  });

  it("are sound Python", () => {
    execFileSync("python3", ["-c", "import sys; compile(sys.stdin.read(), 'predict.py', 'exec')"], { input: sampleIn("python", TARGET), stdio: "pipe" });
  });

  it("are sound for a shell", () => {
    execFileSync("sh", ["-n"], { input: sampleIn("curl", TARGET), stdio: "pipe" });
  });
});
