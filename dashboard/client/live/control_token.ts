/**
 * The token that lets this page cancel and retry: for as long as its tab is open, and for no other. A cookie would be
 * sent by whatever page asks; this is sent by this one alone.
 *
 * @module
 */

/** Where the browser keeps nothing. */
let held: string | null = null;

/** Dashboards may lie side by side at paths of one server. Those of a server of pipelines share the token. */
function storageKey(): string {
  const home = document.getElementById("app")?.dataset.home ?? "";
  return `pipeloom_control ${new URL(home, document.baseURI).pathname}`;
}

/** Keeps a token. */
export function keepControlToken(token: string): void {
  held = token;
  try {
    sessionStorage.setItem(storageKey(), token);
  } catch {
    // The page forgets it when it is loaded again.
  }
}

/** The token, `null` without one. */
export function controlToken(): string | null {
  try {
    return sessionStorage.getItem(storageKey()) ?? held;
  } catch {
    return held;
  }
}
