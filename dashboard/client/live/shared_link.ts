/**
 * A view over the stream that all windows share. Where a browser has no SharedWorker, or it cannot be started, the
 * window has a stream of its own.
 *
 * @module
 */
/// <reference lib="dom" />
import { type Link, LiveLink, type LiveLinkOptions } from "./live_link.ts";
import type { ShareMessage, WindowMessage } from "./share_messages.ts";

const ALIVE_MS = 10_000;

/** The program of the page, which is that of the worker as well. */
const script = (globalThis.document?.currentScript as HTMLScriptElement | null)?.src;

/** The port to the worker, `null` where there is none; `undefined` before it was tried. */
let port: MessagePort | null | undefined;
let follow: (message: ShareMessage) => void = () => {};
let fallBack: () => void = () => {};

function openPort(): MessagePort | null {
  if (port !== undefined) return port;
  if (!script || typeof SharedWorker === "undefined") return port = null;
  try {
    const worker = new SharedWorker(script);
    worker.addEventListener("error", () => {
      port = null;
      fallBack();
    });
    port = worker.port;
    port.onmessage = ({ data }: MessageEvent<ShareMessage>) => follow(data);
    setInterval(() => send({ kind: "alive" }), ALIVE_MS);
  } catch {
    port = null;
  }
  return port;
}

function send(message: WindowMessage): void {
  port?.postMessage(message);
}

/** Follows a view, over the shared stream where there is one. */
export function openLink(path: string, options: LiveLinkOptions): Link {
  return openPort() ? new SharedLink(path, options) : new LiveLink(path, options);
}

/** Follows a view over the shared stream. A window follows one view at a time. */
class SharedLink implements Link {
  readonly #path: string;
  #own: LiveLink | undefined;
  #isWatching = false;

  constructor(path: string, options: LiveLinkOptions) {
    this.#path = path;
    follow = (message) => {
      if (message.path !== path) return;
      if (message.kind === "event") options.received(message.type, message.event, "");
      else options.changed(message.state);
    };
    fallBack = () => {
      this.#own = new LiveLink(path, options);
    };
    this.#watch();
  }

  close(): void {
    this.#own?.close();
    follow = () => {};
    fallBack = () => {};
    this.suspend();
  }

  suspend(): void {
    this.#own?.suspend();
    this.#isWatching = false;
    send({ kind: "leave" });
  }

  retryNow(): void {
    if (this.#own) this.#own.retryNow();
    else if (this.#isWatching) send({ kind: "retry" });
    else this.#watch();
  }

  #watch(): void {
    this.#isWatching = true;
    send({ kind: "watch", base: document.baseURI, path: this.#path });
  }
}
