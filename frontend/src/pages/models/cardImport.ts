import type { ImportedCard, Task } from "@/api/types";
import { TASKS } from "./kinds";
import type { Start } from "./ModelForm";

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The card's task where the campaign has none of its own: a model is wanted for what the campaign labels. */
function taskOf(card: ImportedCard, wanted: Task | undefined): Task | undefined {
  return wanted ?? TASKS.find((task) => task === card.task);
}

/** What a form begins with when a card was imported: what the card tells goes before what a probe found. */
export function withCard(start: Start | undefined, card: ImportedCard, wanted: Task | undefined): Start {
  const before: Json = start?.options ?? {};
  const extra = { ...(isObject(before["extra"]) ? before["extra"] : {}), ...(isObject(card.options["extra"]) ? card.options["extra"] : {}) };
  const task = taskOf(card, wanted);
  return {
    ...start,
    ...(card.name === "" ? {} : { name: card.name }),
    ...(card.version === "" ? {} : { version: card.version }),
    ...(card.description === "" ? {} : { description: card.description }),
    ...(card.classes.length === 0 ? {} : { classes: card.classes.map(({ index, name }, place) => ({ index: index ?? place, name })) }),
    ...(task === undefined ? {} : { task }),
    options: { ...before, ...card.options, ...(Object.keys(extra).length === 0 ? {} : { extra }) },
    card: card.card,
  };
}
