/**
 * Starts the page: with the run that it carries, or with the server that it came from.
 *
 * @module
 */
import { render } from "preact";
import { App } from "./app.js";
import { exportedBackend, server } from "./backend.js";
import { keepControlToken } from "./control_token.js";
import { readFragment } from "./fragment.js";
import { html } from "./html.js";
import { routeInHash } from "./router.js";

const carried = document.getElementById("export");
const backend = carried ? exportedBackend(JSON.parse(carried.textContent)) : server;
if (carried) {
  routeInHash(backend.exported.run.id);
} else {
  // The link that the server prints signs in by itself; no token may stay in the address.
  const { token, control } = readFragment(location.hash);
  if (token ?? control) history.replaceState(null, "", location.pathname + location.search);
  if (control) keepControlToken(control);
  if (token) await server.signIn(token);
  // Where the page is open already, a browser that is given the link changes the fragment and loads nothing.
  globalThis.addEventListener("hashchange", () => {
    const { token, control } = readFragment(location.hash);
    if (token ?? control) location.reload();
  });
}
render(html`<${App} backend=${backend} />`, document.getElementById("app"));
