/**
 * Moves between views. Links are real (`<a href="?run=5">`), so that a middle click and "copy link" work;
 * a plain click is caught here and changes the view without loading the page again.
 *
 * An exported file lies on a disk, where browsers do not let a script change the query string: there the
 * same text stands behind `#`.
 *
 * @module
 */
/// <reference lib="dom" />
import { useLayoutEffect, useState } from "preact/hooks";
import { savePlace } from "./places.ts";
import { formatRoute, parseRoute, type Route, runRoute } from "./route.ts";

let exportedRun: number | null = null;
const listeners = new Set<() => void>();

/** Keeps the view behind `#`, and begins with this run. */
export function routeInHash(run: number): void {
  exportedRun = run;
}

/** The address of a view. */
export function hrefOf(route: Route): string {
  return (exportedRun === null ? "?" : "#") + formatRoute(route);
}

function currentRoute(): Route {
  if (exportedRun === null) return parseRoute(location.search);
  return location.hash.length > 1 ? parseRoute(location.hash) : runRoute(exportedRun);
}

/** Shows a view; `replace` leaves no step in the history. */
export function navigate(route: Route, { replace = false }: { replace?: boolean } = {}): void {
  const href = hrefOf(route);
  savePlace();
  // `href` is relative to the base, which is the document without its query.
  if (replace) history.replaceState(history.state, "", href);
  else history.pushState(null, "", href);
  for (const listener of listeners) listener();
}

/** The view that the address names. */
export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  // Before the first frame: a link may be clicked as soon as it is seen.
  useLayoutEffect(() => {
    const update = () => setRoute(currentRoute());
    listeners.add(update);
    globalThis.addEventListener("popstate", update);
    document.addEventListener("click", followLink);
    return () => {
      listeners.delete(update);
      globalThis.removeEventListener("popstate", update);
      document.removeEventListener("click", followLink);
    };
  }, []);
  return route;
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const href = (event.target as Element).closest?.("a[href]")?.getAttribute("href");
  // An export's links are fragments, which browsers follow without loading anything.
  if (href?.startsWith("#")) savePlace();
  if (!href?.startsWith("?")) return;
  event.preventDefault();
  navigate(parseRoute(href));
}
