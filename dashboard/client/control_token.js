/**
 * The token that lets this page cancel and retry: for as long as its tab is open, and for no other. A cookie would be
 * sent by whatever page asks; this is sent by this one alone.
 *
 * @module
 */

/** Dashboards may lie side by side at paths of one server. */
const KEY = `pipeloom_control ${new URL(document.baseURI).pathname}`;

/** Where the browser keeps nothing. */
let held = null;

/** Keeps a token. */
export function keepControlToken(token) {
  held = token;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // The page forgets it when it is loaded again.
  }
}

/** The token, `null` without one. */
export function controlToken() {
  try {
    return sessionStorage.getItem(KEY) ?? held;
  } catch {
    return held;
  }
}
