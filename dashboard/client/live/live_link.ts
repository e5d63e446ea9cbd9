/**
 * One live stream of the server, kept open.
 *
 * An `EventSource` by itself is not enough: it gives up for good when an answer is not 200 (the server was
 * restarted, is full, or wants a new session), it never reports which it was, and it does not notice a
 * connection that has died silently. So on any trouble it is closed, and after a growing pause a small
 * request finds out what is the matter before the next is opened.
 *
 * @module
 */

/// <reference lib="dom" />
import type { LiveEvent } from "../../api.ts";

/** Pauses before each new try; the last one is for all that follow. */
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000];

/** The server sends something every 5 s: after such a silence it is gone. */
const SILENCE_MS = 20_000;

/** What a stream sends. */
export type EventType = "snapshot" | "patch" | "ping";

/** Whether there is a stream, and why not; `gone` where nothing answers. */
export type StreamState = "live" | "reconnecting" | "gone" | "signed-out";

/** What a link needs, and what it reports. */
export interface LiveLinkOptions {
  /** Status of the answer to a small request, 0 when there is none. */
  probe: () => Promise<number>;
  /** Called with each event; the id is that of the stream. */
  received: (type: EventType, event: LiveEvent, id: string) => void;
  changed: (state: StreamState) => void;
  retryMs?: number[];
  silenceMs?: number;
}

/** Follows a live stream until it is closed. */
export class LiveLink implements Link {
  readonly #path: string;
  readonly #options: Required<LiveLinkOptions>;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #closed = false;

  constructor(path: string, options: LiveLinkOptions) {
    this.#path = path;
    this.#options = { retryMs: RETRY_MS, silenceMs: SILENCE_MS, ...options };
    this.#open();
  }

  /** Ends it; nothing is received any more. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** Lets go of the connection until {@link LiveLink.retryNow}. */
  suspend(): void {
    this.#drop();
  }

  /** Tries again at once if the stream is not open: the network or the reader is back. */
  retryNow(): void {
    if (this.#closed || this.#source) return;
    this.#drop();
    this.#tries = 0;
    this.#retry();
  }

  #open(): void {
    const source = new EventSource(this.#path);
    this.#source = source;
    for (const type of ["snapshot", "patch", "ping"] as const) {
      source.addEventListener(type, (event) => this.#receive(type, event));
    }
    source.addEventListener("end", () => this.#lose("gone"));
    source.addEventListener("error", () => this.#lose());
    this.#expect();
  }

  #receive(type: EventType, { data, lastEventId }: MessageEvent<string>): void {
    if (this.#closed) return;
    this.#expect();
    if (type === "snapshot") {
      this.#tries = 0;
      this.#options.changed("live");
    }
    this.#options.received(type, JSON.parse(data), lastEventId);
  }

  /** Waits for the next event, and not for ever. */
  #expect(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(), this.#options.silenceMs);
  }

  #lose(state: "reconnecting" | "gone" = "reconnecting"): void {
    if (this.#closed) return;
    this.#drop();
    this.#options.changed(state);
    const { retryMs } = this.#options;
    const pause = retryMs[Math.min(this.#tries, retryMs.length - 1)];
    this.#tries++;
    this.#timer = setTimeout(() => this.#retry(), pause);
  }

  async #retry(): Promise<void> {
    const status = await this.#options.probe();
    if (this.#closed || this.#source) return;
    if (status === 401) this.#options.changed("signed-out");
    else if (status === 0) this.#lose("gone");
    else this.#open();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}

/** What follows a view, over a stream of its own or a shared one. */
export interface Link {
  close(): void;
  suspend(): void;
  retryNow(): void;
}
