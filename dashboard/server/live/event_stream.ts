/**
 * The events of one browser.
 *
 * A browser that reads slower than events come must neither fill the memory nor hold anything up. It gets
 * nothing more until it has read what it was sent, and then a new snapshot, which makes up for all it missed.
 *
 * @module
 */

/** Bytes that wait for a browser before it counts as slow: a snapshot of a million tasks and some patches. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;

const encoder = new TextEncoder();

/** Formats an event as `text/event-stream` has it. */
export function formatEvent(event: string, data: object, id?: string): Uint8Array<ArrayBuffer> {
  const line = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`${line}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** What an {@linkcode EventStream} needs. */
export interface EventStreamOptions {
  /**
   * Reads what is new, if anything may be, and waits for the active read: what has been read is sent to all at its
   * end, and a snapshot that holds it already would have lines of a log twice.
   */
  catchUp(): Promise<void>;
  /** The snapshot as an event. */
  snapshot(): Uint8Array<ArrayBuffer>;
  /** Called once when the browser has gone or the stream is closed. */
  onClose(): void;
}

/** A stream of events to one browser. */
export class EventStream {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #options: EventStreamOptions;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #hasBegun = false;
  #isBehind = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async () => {
        if (!this.#isBehind) return;
        await options.catchUp();
        this.#isBehind = false;
        this.#controller?.enqueue(options.snapshot());
      },
      cancel: () => this.close(),
    }, { highWaterMark: MAX_WAITING_BYTES, size: ({ byteLength }) => byteLength });
  }

  /** Whether it takes events: one that is behind gets a snapshot as soon as it has read what it was sent. */
  get isKeepingUp(): boolean {
    return !this.#isBehind;
  }

  /** Sends the first snapshot. Whatever was sent before is in it. */
  begin(snapshot: Uint8Array<ArrayBuffer>): void {
    this.#hasBegun = true;
    this.#controller?.enqueue(snapshot);
  }

  /** Sends an event, unless the browser is too far behind to take it. */
  send(event: Uint8Array<ArrayBuffer>): void {
    if (!this.#controller || !this.#hasBegun || this.#isBehind) return;
    if (this.#controller.desiredSize! > 0) this.#controller.enqueue(event);
    else this.#isBehind = true;
  }

  /** Ends the stream. Ending it again does nothing. */
  close(): void {
    const controller = this.#controller;
    if (!controller) return;
    this.#controller = undefined;
    try {
      controller.close();
    } catch {
      // The browser has cancelled it.
    }
    this.#options.onClose();
  }
}
