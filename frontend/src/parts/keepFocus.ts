/** What had the focus, what was around it then, from the inside out, and on which page. */
interface Held {
  element: HTMLElement;
  around: readonly HTMLElement[];
  path: string;
}

/** React has put in what comes instead by then, and a dialog has handed the focus back. */
const SETTLED_MS = 30;
/** What is off for longer than a request takes (a run goes on) stays so: nobody waits there with a keyboard. */
const LONG_MS = 1000;

function isOff(element: HTMLElement): boolean {
  return !element.isConnected || element.matches(":disabled");
}

function around(element: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let one = element.parentElement; one !== null; one = one.parentElement) found.push(one);
  return found;
}

/** What stands in for something that vanished: what was around it or, on another page, that page's title. */
function standInFor({ around, path }: Held, page: Document): HTMLElement | null {
  const content = page.getElementById("content");
  if (content === null) return null; // the labeling page goes by keys of its own, wherever the focus is
  const near = path === page.location.pathname ? around.find((one) => one.isConnected && one !== content && (content.contains(one) || one.closest("[role='dialog']") !== null)) : undefined;
  return near ?? content.querySelector("h1") ?? content;
}

/**
 * Keep the focus when the page takes it away from a person: a button that is off while its request runs gets it back, what
 * vanishes (a removed row, a saved form's button) hands it to what was around it, and a page that was left to the title of the next.
 * Otherwise the browser lets it fall to nothing: a screen reader goes silent, and a key that is pressed again does nothing.
 *
 * Who leaves a control on purpose, by pointer or by a key, is left alone.
 */
export function keepFocus(page: Document): () => void {
  let held: Held | null = null;
  let standing: HTMLElement | null = null;
  let due: ReturnType<typeof setTimeout> | undefined;
  let long: ReturnType<typeof setTimeout> | undefined;
  const lost = () => page.activeElement === null || page.activeElement === page.body;

  const stand = (place: HTMLElement) => {
    standing = place;
    if (!place.hasAttribute("tabindex")) {
      place.tabIndex = -1;
      place.addEventListener("blur", () => place.removeAttribute("tabindex"), { once: true });
    }
    place.focus({ preventScroll: true });
  };
  const standIn = () => {
    long = undefined;
    const place = held === null || !(lost() || page.activeElement === standing) || !isOff(held.element) ? null : standInFor(held, page);
    if (place !== null && place !== page.activeElement) stand(place);
  };
  const restore = () => {
    due = undefined;
    if (held === null || !(lost() || page.activeElement === standing)) return;
    if (!held.element.isConnected) standIn();
    else if (!isOff(held.element)) held.element.focus({ preventScroll: true });
    else long ??= setTimeout(standIn, LONG_MS);
  };
  const took = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || target === standing) return;
    standing = null;
    held = { element: target, around: around(target), path: page.location.pathname };
  };
  const left = ({ target }: FocusEvent) => {
    queueMicrotask(() => {
      if (held !== null && target === held.element && lost() && !isOff(held.element)) held = null;
    });
  };
  const pointed = () => {
    held = null;
  };
  const changes = new MutationObserver(() => (due ??= setTimeout(restore, SETTLED_MS)));

  page.addEventListener("focusin", took);
  page.addEventListener("focusout", left);
  page.addEventListener("pointerdown", pointed, true);
  changes.observe(page.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  return () => {
    clearTimeout(due);
    clearTimeout(long);
    changes.disconnect();
    page.removeEventListener("focusin", took);
    page.removeEventListener("focusout", left);
    page.removeEventListener("pointerdown", pointed, true);
  };
}
