/**
 * Where the reader was on each page of the history: how far it was scrolled, and which link had the focus. The way
 * back leads there again, once the page has its rows.
 *
 * The browser's own restoring is switched off: it looks at a page that has not been drawn yet.
 *
 * @module
 */
/// <reference lib="dom" />

/** A place on a page. */
interface Place {
  /** CSS pixels from the top. */
  top: number;
  /** Address of the link that had the focus. */
  link: string | null;
}

/** Milliseconds in which a page that is drawn again usually has its rows. */
const PATIENCE_MS = 5_000;

let stop: () => void = () => {};

/** Begins to keep places, and goes to the one that a page which is loaded again had. */
export function keepPlaces(): void {
  history.scrollRestoration = "manual";
  globalThis.addEventListener("pagehide", savePlace);
  restorePlace();
}

/** Notes where the reader is, before the page becomes another one. */
export function savePlace(): void {
  const focused = document.activeElement?.closest("a[href]")?.getAttribute("href") ?? null;
  const place: Place = { top: scrollY, link: focused };
  history.replaceState({ ...history.state, place }, "");
}

/** Goes to where the reader was on this page; `false` where this is the first visit. */
export function restorePlace(): boolean {
  stop();
  const place: Place | undefined = history.state?.place;
  if (!place) return false;
  const until = performance.now() + PATIENCE_MS;
  let frame = 0;
  const leave = () => {
    cancelAnimationFrame(frame);
    for (const type of GESTURES) globalThis.removeEventListener(type, leave);
  };
  stop = leave;
  // A reader who moves meanwhile is where they want to be.
  for (const type of GESTURES) globalThis.addEventListener(type, leave, { passive: true });
  const tryOnce = () => {
    const link = place.link === null
      ? null
      : document.querySelector<HTMLElement>(`#main a[href="${CSS.escape(place.link)}"]`);
    const isDrawn = document.documentElement.scrollHeight >= place.top + innerHeight &&
      (link !== null || place.link === null);
    if (isDrawn || performance.now() > until) {
      leave();
      scrollTo(0, place.top);
      link?.focus({ preventScroll: true });
    } else frame = requestAnimationFrame(tryOnce);
  };
  tryOnce();
  return true;
}

const GESTURES = ["wheel", "touchmove", "keydown", "pointerdown"];
