// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { focusContent, keepFocus } from "./keepFocus";

const settled = () => new Promise((done) => setTimeout(done));

function made<Name extends "button" | "input">(name: Name): HTMLElementTagNameMap[Name] {
  return document.body.appendChild(document.createElement(name));
}

/** Disabled, a browser's button loses the focus; jsdom leaves it there. */
function waiting(button: HTMLButtonElement) {
  button.disabled = true;
  button.blur();
}

let end = () => {};
beforeEach(() => {
  document.body.replaceChildren();
  end = keepFocus(document);
});
afterEach(() => end());

describe("a button that was disabled while it waited", () => {
  test("has the focus again when it can be pressed again", async () => {
    const button = made("button");
    button.focus();
    waiting(button);
    await settled();
    expect(document.activeElement).toBe(document.body);
    button.disabled = false;
    await settled();
    expect(document.activeElement).toBe(button);
  });

  test("does not take the focus from where the person went meanwhile", async () => {
    const [button, field] = [made("button"), made("input")];
    button.focus();
    waiting(button);
    field.focus();
    button.disabled = false;
    await settled();
    expect(document.activeElement).toBe(field);
  });

  test("does not take it from a person who pointed at something without a focus", async () => {
    const button = made("button");
    button.focus();
    waiting(button);
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    button.disabled = false;
    await settled();
    expect(document.activeElement).toBe(document.body);
  });
});

test("the content is where a keyboard begins when its link went away, and only then", () => {
  const content = document.body.appendChild(document.createElement("div"));
  content.id = "content";
  content.tabIndex = -1;
  focusContent(document);
  expect(document.activeElement).toBe(content);
  const link = made("button");
  link.focus();
  focusContent(document);
  expect(document.activeElement).toBe(link);
});
