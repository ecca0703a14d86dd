import { describe, expect, it } from "vitest";
import { COMMANDS, GROUPS, type Command } from "./commands";

const NAMES: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space" };

function written(key: string): string {
  return `\`${key.split(/\+(?=.)/).map((part) => NAMES[part] ?? part).join("+").replaceAll("|", "\\|")}\``;
}

/** Commands with one title (nudges in four directions) share a row. */
function rows(commands: readonly Command[]): string[] {
  const byTitle = new Map<string, Set<string>>();
  for (const { title, keys } of commands) byTitle.set(title, new Set([...(byTitle.get(title) ?? []), ...keys]));
  return [...byTitle].map(([title, keys]) => `| ${[...keys].map(written).join(" ") || "none"} | ${title} |`);
}

function page(): string {
  const groups = GROUPS.map((group) => [`## ${group}`, "", "| keys | does |", "|---|---|", ...rows(COMMANDS.filter((command) => command.group === group)), ""].join("\n"));
  return [
    "# Keys of the labeling page",
    "",
    "`?` shows this sheet on the page, with the keys as you chose them: every one can be changed there and in the settings, for you or for a whole",
    "campaign. A key may stand in several rows: it does what fits the moment (`G` adds a part to a polygon, and fills in a bitmap). In a field that takes",
    "text, keys write text. Labels have the digits `1` to `9`, or keys of their own; the labels beyond are found by name.",
    "",
    "With the pointer: drag what is not selected, hold `Space` or use the middle button to pan; turn the wheel to zoom; `Shift`+click adds to the",
    "selection; `Alt`+click takes what lies below; a double click edits; `Tab` goes from object to object. On a tablet the pen draws, one finger pans, two pinch.",
    "",
    ...groups,
  ].join("\n");
}

describe("the reference of keys", () => {
  // `npx vitest run src/pages/labeling/reference.test.ts -u` writes it anew.
  it("in the documentation lists the commands as they are", async () => {
    await expect(page()).toMatchFileSnapshot("../../../../docs/reference/keys.md");
  });
});
