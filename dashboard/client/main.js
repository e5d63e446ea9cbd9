/**
 * Starts the page: with the run that it carries, or with the server that it came from.
 *
 * @module
 */
import { render } from "preact";
import { App } from "./app.js";
import { exportedBackend, server } from "./backend.js";
import { html } from "./html.js";
import { routeInHash } from "./router.js";

const carried = document.getElementById("export");
const backend = carried ? exportedBackend(JSON.parse(carried.textContent)) : server;
if (carried) {
  routeInHash(backend.exported.run.id);
} else {
  // The link that the server prints signs in by itself; the token must not stay in the address.
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) {
    history.replaceState(null, "", location.pathname + location.search);
    await server.signIn(decodeURIComponent(token));
  }
}
render(html`<${App} backend=${backend} />`, document.getElementById("app"));
