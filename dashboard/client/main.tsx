/**
 * Starts the page: with the run that it carries, or with the server that it came from.
 *
 * The bundle is a classic script in the head: it sets the theme before the first frame, where a module would
 * run after it and the page would flash in the other theme. The rest waits for the document. Where there is no
 * document it is the worker that holds the stream of all windows.
 *
 * @module
 */
import { render } from "preact";
import { applyStoredTheme } from "./lib/theme.ts";
import { readFragment } from "./lib/fragment.ts";
import { keepPlaces } from "./lib/places.ts";
import { routeInHash } from "./lib/router.ts";
import { type Backend, exportedBackend, servedBackend, server } from "./live/backend.ts";
import { LiveShare } from "./live/live_share.ts";
import { keepControlToken } from "./live/control_token.ts";
import { App } from "./pages/app.tsx";
import { HomeApp } from "./serve/home_app.tsx";

if (typeof document === "undefined") {
  const share = new LiveShare();
  addEventListener("connect", (event) => share.connect((event as MessageEvent).ports[0]!));
} else {
  applyStoredTheme();
  document.addEventListener("DOMContentLoaded", start);
}

async function start(): Promise<void> {
  const carried = document.getElementById("export");
  const root = document.getElementById("app")!;
  const { home } = root.dataset;
  const backend = carried
    ? exportedBackend(JSON.parse(carried.textContent ?? ""))
    : home === undefined
    ? server
    : servedBackend(home);
  if (backend.exported) routeInHash(backend.exported.run.id);
  else await useLink(backend);
  keepPlaces();
  render(home === "" ? <HomeApp backend={backend} /> : <App backend={backend} />, root);
}

/** Takes the tokens out of the link that the server printed: neither may stay in the address. */
async function useLink(backend: Backend): Promise<void> {
  const { token, control } = readFragment(location.hash);
  if (token ?? control) history.replaceState(null, "", location.pathname + location.search);
  if (control) keepControlToken(control);
  if (token) await backend.signIn(token);
  // Where the page is open already, a browser that is given the link changes the fragment and loads nothing.
  globalThis.addEventListener("hashchange", () => {
    const { token, control } = readFragment(location.hash);
    if (token ?? control) location.reload();
  });
}
