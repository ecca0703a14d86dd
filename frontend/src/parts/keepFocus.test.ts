// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepFocus } from "./keepFocus";

let stop = () => {};
const settled = () => new Promise((resolve) => setTimeout(resolve, 80));
const here = () => (document.activeElement as HTMLElement | null)?.id;

function on(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(id);
  return found;
}

/** A browser lets go of what goes off; jsdom does not. */
function goesOff(button: HTMLElement): void {
  button.setAttribute("disabled", "");
  button.blur();
}

beforeEach(() => {
  window.history.replaceState({}, "", "/models/1");
  document.body.innerHTML = `<div id="content" tabindex="-1"><h1 id="title">A model</h1><section id="card"><ul id="list"><li id="row"><button id="send">Send</button></li></ul><button id="other">Other</button></section></div>`;
  stop = keepFocus(document);
});

afterEach(() => stop());

describe("the focus", () => {
  it("comes back to a button that was off while its request ran", async () => {
    on("send").focus();
    goesOff(on("send"));
    await settled();
    expect(document.activeElement).toBe(document.body);
    on("send").removeAttribute("disabled");
    await settled();
    expect(here()).toBe("send");
  });

  it("waits around a button that is off for long, and comes back from there", async () => {
    on("send").focus();
    goesOff(on("send"));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(here()).toBe("row");
    on("send").removeAttribute("disabled");
    await settled();
    expect(here()).toBe("send");
  });

  it("does not come back when a person went on meanwhile", async () => {
    on("send").focus();
    goesOff(on("send"));
    on("other").focus();
    on("send").removeAttribute("disabled");
    await settled();
    expect(here()).toBe("other");
  });

  it("does not come back to a person who pointed at something without a focus", async () => {
    on("send").focus();
    goesOff(on("send"));
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    on("send").removeAttribute("disabled");
    await settled();
    expect(document.activeElement).toBe(document.body);
  });

  it("goes to what was around a thing that vanished, and leaves no stop for Tab behind", async () => {
    on("send").focus();
    on("row").remove();
    await settled();
    expect(here()).toBe("list");
    on("list").remove();
    await settled();
    expect(here()).toBe("card");
    on("other").focus();
    expect(on("card").hasAttribute("tabindex")).toBe(false);
  });

  it("goes to the title of the next page, also where that comes late", async () => {
    on("send").focus();
    window.history.pushState({}, "", "/campaigns/3/models");
    on("content").innerHTML = "<p>Loading</p>";
    await settled();
    expect(here()).toBe("content");
    on("content").innerHTML = `<h1 id="next">A campaign</h1>`;
    await settled();
    expect(here()).toBe("next");
  });

  it("stays away where a person left on purpose, and where the page has keys of its own", async () => {
    on("send").focus();
    on("send").blur();
    await settled();
    on("row").remove();
    await settled();
    expect(document.activeElement).toBe(document.body);
    on("other").focus();
    document.body.innerHTML = `<main><h1>photo.jpg</h1></main>`;
    await settled();
    expect(document.activeElement).toBe(document.body);
  });
});
