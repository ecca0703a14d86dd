/**
 * Keep a keyboard's place on the page.
 *
 * A button that waits for an answer is disabled meanwhile, and browsers take the focus from what is disabled: whoever pressed it by key
 * would have to walk to it again. It gets the focus back when it can be pressed again, unless the person has gone elsewhere.
 * Returns a function that ends it.
 */
export function keepFocus(page: Document): () => void {
  let last: Element | null = null;
  const remember = (event: FocusEvent) => {
    last = event.target instanceof Element ? event.target : null;
  };
  const forget = () => {
    last = null;
  };
  const giveBack = new MutationObserver((changes) => {
    const enabled = changes.find(({ target }) => target === last && target instanceof HTMLElement && !target.hasAttribute("disabled"));
    if (enabled !== undefined && nowhere(page)) (enabled.target as HTMLElement).focus({ preventScroll: true });
  });
  page.addEventListener("focusin", remember);
  page.addEventListener("pointerdown", forget, true);
  giveBack.observe(page.documentElement, { subtree: true, attributes: true, attributeFilter: ["disabled"] });
  return () => {
    page.removeEventListener("focusin", remember);
    page.removeEventListener("pointerdown", forget, true);
    giveBack.disconnect();
  };
}

/** After a link led to another page and went away with the old one: let the keyboard, and a reader of screens, begin at the content. */
export function focusContent(page: Document): void {
  if (nowhere(page)) page.getElementById("content")?.focus({ preventScroll: true });
}

function nowhere(page: Document): boolean {
  return page.activeElement === null || page.activeElement === page.body;
}
