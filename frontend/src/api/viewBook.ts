/** How the person wants to see things, in whatever browser: one book for the whole page. */
import { type Choices, choicesFrom, NO_CHOICES, optionsOf, sameChoices, timesOf } from "@/core/choices";
import { ViewBook } from "@/core/view-book";
import { changePreferences } from "./preferences";
import { ApiProblem, Unreachable } from "./problems";

const keyOf = (person: number): string => `winnow:view:${person}`;

function read(person: number): Choices {
  try {
    const { view, times } = JSON.parse(localStorage.getItem(keyOf(person)) ?? "{}") as { view?: Record<string, unknown>; times?: Record<string, number> };
    return choicesFrom(view, times);
  } catch {
    return NO_CHOICES;
  }
}

function write(person: number, choices: Choices): void {
  try {
    localStorage.setItem(keyOf(person), JSON.stringify({ view: optionsOf(choices), times: timesOf(choices) }));
  } catch {
    // A full or forbidden storage: the server's copy is the only one then.
  }
}

async function exchange(change: (theirs: Choices) => Choices): Promise<Choices> {
  const saved = await changePreferences((now) => {
    const theirs = choicesFrom(now.view, now.view_times);
    const next = change(theirs);
    return sameChoices(next, theirs) ? now : { ...now, view: optionsOf(next), view_times: timesOf(next) };
  });
  return choicesFrom(saved.view, saved.view_times);
}

const isAway = (error: unknown): boolean => error instanceof Unreachable || (error instanceof ApiProblem && (error.status >= 500 || error.status === 412));

export const viewBook = new ViewBook({ read, write, exchange, isAway, now_ms: () => Date.now() });

/** Follow the network and the person's other tabs. */
export function keepViewBook(): void {
  window.addEventListener("online", () => viewBook.wake());
  window.addEventListener("storage", ({ key }) => {
    if (key?.startsWith("winnow:view:") === true) viewBook.wake();
  });
}
