/**
 * The stream that all windows of a browser share, in a SharedWorker: a browser keeps no more than six connections to
 * a server, and the seventh window would wait for ever.
 *
 * Windows that show the same share a view. When a window comes, goes, or shows something else, the stream is opened
 * again with the views of all. A window that crashed is recognized by its silence.
 *
 * @module
 */
/// <reference lib="dom" />
import { LiveLink, type StreamState } from "./live_link.ts";
import type { ShareMessage, WindowMessage } from "./share_messages.ts";

/** A window sends a sign of life every 10 s. */
const SILENCE_MS = 60_000;

/** Windows that are restored together are served together. */
const GATHER_MS = 10;

interface Window {
  path: string | null;
  seenAt: number;
}

/** Serves windows; `connect` gets the port of each. */
export class LiveShare {
  readonly #windows = new Map<MessagePort, Window>();
  #base = "";
  #link: LiveLink | undefined;
  /** The views of the stream, in its order. */
  #paths: string[] = [];
  #state: StreamState | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;

  /** Begins to serve a window. */
  connect(port: MessagePort): void {
    this.#windows.set(port, { path: null, seenAt: Date.now() });
    port.onmessage = ({ data }: MessageEvent<WindowMessage>) => this.#receive(port, data);
    port.start();
  }

  #receive(port: MessagePort, message: WindowMessage): void {
    const window = this.#windows.get(port) ?? { path: null, seenAt: 0 };
    this.#windows.set(port, window);
    window.seenAt = Date.now();
    switch (message.kind) {
      case "watch":
        this.#base = message.base;
        window.path = message.path;
        this.#change();
        break;
      case "leave":
        window.path = null;
        this.#change();
        break;
      case "retry":
        this.#link?.retryNow();
        break;
      case "alive":
        this.#forgetSilent();
        break;
      default:
        message satisfies never;
    }
  }

  #forgetSilent(): void {
    const before = this.#windows.size;
    for (const [port, { seenAt }] of this.#windows) {
      if (Date.now() - seenAt > SILENCE_MS) this.#windows.delete(port);
    }
    if (this.#windows.size !== before) this.#change();
  }

  #change(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#open();
    }, GATHER_MS);
  }

  #open(): void {
    this.#link?.close();
    this.#link = undefined;
    const paths = [...this.#windows.values()].map(({ path }) => path);
    this.#paths = [...new Set(paths.filter((path) => path !== null))];
    if (this.#paths.length === 0) return;
    const query = this.#paths.map((path) =>
      `watch=${encodeURIComponent(path.slice(path.indexOf("?") + 1))}`
    );
    this.#link = new LiveLink(new URL(`api/live?${query.join("&")}`, this.#base).href, {
      probe: () => probe(this.#base),
      changed: (state) => {
        if (state === "live" && this.#state === "live") return;
        this.#state = state;
        // That one view is live has no bearing on the others: each is announced with its own snapshot.
        if (state !== "live") {
          for (const path of this.#paths) this.#post({ kind: "state", path, state });
        }
      },
      received: (type, event, id) => {
        const path = this.#paths[Number.parseInt(id)];
        if (path === undefined) return;
        if (type === "snapshot") this.#post({ kind: "state", path, state: "live" });
        this.#post({ kind: "event", path, type, event });
      },
    });
  }

  #post(message: ShareMessage): void {
    for (const [port, { path }] of this.#windows) {
      if (path === message.path) port.postMessage(message);
    }
  }
}

async function probe(base: string): Promise<number> {
  try {
    const response = await fetch(new URL("api/runs?limit=1", base), { cache: "no-store" });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
