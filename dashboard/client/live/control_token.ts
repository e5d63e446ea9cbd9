/**
 * The token that lets this page cancel and retry: for as long as a tab of it is open. A cookie would be sent by
 * whatever page asks; this is sent by this one alone. A task that is opened in a new tab gets it from the tab that has
 * it; other origins cannot ask for it.
 *
 * @module
 */

/** Where the browser keeps nothing. */
let held: string | null = null;

/** A message between tabs of one origin. */
type Message = { kind: "ask"; key: string } | { kind: "give"; key: string; token: string };

let channel: BroadcastChannel | undefined;

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

/** Asks other tabs for the token where this one has none; `onGiven` is called when one of them gives it. */
export function askOtherTabs(onGiven: () => void): void {
  const key = storageKey();
  const tabs = openChannel();
  tabs.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if (data.kind !== "give" || data.key !== key || controlToken() !== null) return;
    keepControlToken(data.token);
    onGiven();
  });
  if (controlToken() === null) tabs.postMessage({ kind: "ask", key } satisfies Message);
}

let gives = false;

/** Gives the token, which the server has accepted, to new tabs. */
export function giveToNewTabs(): void {
  if (gives) return;
  gives = true;
  const key = storageKey();
  const tabs = openChannel();
  tabs.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    const token = controlToken();
    if (data.kind !== "ask" || data.key !== key || token === null) return;
    tabs.postMessage({ kind: "give", key, token } satisfies Message);
  });
}

function openChannel(): BroadcastChannel {
  return channel ??= new BroadcastChannel("pipeloom_control");
}
