/**
 * Messages between a worker and a coordinator over two subjects: in order, each once, of any size.
 *
 * The server delivers at most once and nothing larger than its `max_payload`. So messages are collected for one turn
 * of the event loop, cut into numbered frames, and kept until the other side has acknowledged them. After a
 * reconnection, or where no acknowledgement comes, the oldest frame is sent again; its acknowledgement shows where to
 * continue. At most {@linkcode WINDOW_BYTES} are in flight, so that a slow reader is not cut off by the server; what
 * comes beyond that waits here, bounded by the credits of the senders.
 *
 * Rejected: a request and a reply for each message, which cost four times the processing; JetStream for rows, which
 * would store each of them once more.
 *
 * @module
 */
import { clearImmediate, setImmediate } from "node:timers";
import { decode } from "./codec/decode.ts";
import { encodeMessages } from "./codec/encode.ts";

/** Bytes that are sent and not acknowledged: a sixteenth of what the server keeps for a slow reader. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Bytes before the content: flags, the frame's number, the number of the frame that is expected next. */
const HEADER = 9;

/** The frame has content. */
const DATA = 1;
/** The last message of the content continues in the next frame. */
const MORE = 2;
/** The other side does not know this link, or does not want it any more. */
const GONE = 4;
/** The other side was without a connection: what was sent to it may be lost. */
const BACK = 8;

/** Milliseconds without an acknowledgement after which the oldest frame is sent again, and the most of them. */
const PROBE_MS = 1_500;
const MAX_PROBE_MS = 6_000;

/** What a link needs. */
export interface LinkOptions<In> {
  /** Publishes a frame; it may be lost. */
  publish: (frame: Uint8Array) => void;
  /** Bytes of a frame at most. */
  maxFrame: number;
  /** Takes a message. */
  receive: (message: In) => void;
  /** The other side has given the link up. */
  gone: () => void;
}

/** A frame that reports an unknown link. */
export function goneFrame(): Uint8Array {
  const frame = new Uint8Array(HEADER);
  frame[0] = GONE;
  return frame;
}

/** Whether a frame is the first of its link. */
export function isFirst(frame: Uint8Array): boolean {
  return frame.byteLength > HEADER && (frame[0]! & DATA) !== 0 && numberAt(frame, 1) === 0;
}

/** One side of a link. */
export class Link<Out, In> {
  readonly #options: LinkOptions<In>;
  /** Messages that are in no frame yet. */
  #outbox: Out[] = [];
  /** Frames that are not acknowledged; the number of the first, and how many of them were sent. */
  readonly #frames: Uint8Array[] = [];
  #first = 0;
  #sent = 0;
  #sentBytes = 0;
  /** The number of the frame that is expected, and the parts of its message before it. */
  #expected = 0;
  #parts: Uint8Array[] = [];
  #owesAck = false;
  #scheduled: ReturnType<typeof setImmediate> | undefined;
  #probeMs = PROBE_MS;
  #progressAt = performance.now();
  #isProbing = false;
  #isClosed = false;
  #flushed: PromiseWithResolvers<void> | undefined;

  constructor(options: LinkOptions<In>) {
    this.#options = options;
  }

  /** Sends a message, with the others of this turn. */
  send(message: Out): void {
    if (this.#isClosed) return;
    this.#outbox.push(message);
    this.#schedule();
  }

  /** Takes what came from the other side. */
  receive(frame: Uint8Array): void {
    if (this.#isClosed || frame.byteLength < HEADER) return;
    const flags = frame[0]!;
    if (flags & GONE) return this.#options.gone();
    this.#acknowledge(numberAt(frame, 5));
    if (flags & BACK && this.#sent > 0) this.#probe();
    if (!(flags & DATA)) return;
    this.#owesAck = true;
    this.#schedule();
    // Another number is a frame that came before, or one after a frame that was lost.
    if (numberAt(frame, 1) !== this.#expected) return;
    this.#expected++;
    this.#parts.push(frame.subarray(HEADER));
    if (flags & MORE) return;
    const content = this.#parts.length === 1 ? this.#parts[0]! : concat(this.#parts);
    this.#parts = [];
    for (const message of decode(content) as In[]) {
      if (this.#isClosed) return;
      this.#options.receive(message);
    }
  }

  /** The connection is back: what was sent may be lost. */
  reconnected(): void {
    if (this.#sent > 0) this.#probe();
    const frame = new Uint8Array(HEADER);
    frame[0] = BACK;
    this.#publish(frame);
  }

  /** Is called about once a second, while there is a connection. */
  tick(): void {
    if (this.#sent === 0) this.#progressAt = performance.now();
    else if (performance.now() - this.#progressAt > this.#probeMs) {
      this.#probeMs = Math.min(2 * this.#probeMs, MAX_PROBE_MS);
      this.#probe();
    }
  }

  /** Shows the other side that this one lives. */
  ping(): void {
    this.#owesAck = true;
    this.#schedule();
  }

  /** Resolves when everything that was sent has arrived, or never will. */
  async flushed(): Promise<void> {
    if (this.#isClosed || (this.#outbox.length === 0 && this.#frames.length === 0)) return;
    await (this.#flushed ??= Promise.withResolvers()).promise;
  }

  /** Sends and takes nothing more. */
  close(): void {
    if (this.#owesAck && !this.#isClosed) this.#publish(new Uint8Array(HEADER));
    this.#isClosed = true;
    clearImmediate(this.#scheduled);
    this.#outbox = [];
    this.#frames.length = 0;
    this.#flushed?.resolve();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed) return;
    // While frames wait for the window, more messages are collected into the next ones.
    if (this.#outbox.length > 0 && this.#sent === this.#frames.length) this.#cut();
    this.#post();
    if (!this.#owesAck) return;
    this.#publish(new Uint8Array(HEADER));
  }

  #cut(): void {
    const content = encodeMessages(this.#outbox);
    this.#outbox = [];
    const size = this.#options.maxFrame - HEADER;
    for (let start = 0; start < content.byteLength; start += size) {
      const part = content.subarray(start, start + size);
      const frame = new Uint8Array(HEADER + part.byteLength);
      frame[0] = DATA | (start + size < content.byteLength ? MORE : 0);
      setNumberAt(frame, 1, this.#first + this.#frames.length);
      frame.set(part, HEADER);
      this.#frames.push(frame);
    }
  }

  #post(): void {
    while (this.#sent < this.#frames.length && this.#sentBytes < WINDOW_BYTES) {
      if (this.#sent === 0) this.#progressAt = performance.now();
      const frame = this.#frames[this.#sent++]!;
      this.#sentBytes += frame.byteLength;
      this.#publish(frame);
    }
  }

  #publish(frame: Uint8Array): void {
    setNumberAt(frame, 5, this.#expected);
    this.#owesAck = false;
    this.#options.publish(frame);
  }

  #probe(): void {
    this.#isProbing = true;
    this.#progressAt = performance.now();
    this.#publish(this.#frames[0]!);
  }

  #acknowledge(next: number): void {
    let count = next - this.#first;
    if (count < 0 || count > this.#sent) return;
    if (count > 0) {
      this.#first = next;
      this.#sent -= count;
      this.#progressAt = performance.now();
      this.#probeMs = PROBE_MS;
      for (const frame of this.#frames.splice(0, count)) this.#sentBytes -= frame.byteLength;
      if (this.#isProbing) {
        this.#isProbing = false;
        for (count = 0; count < this.#sent; count++) this.#publish(this.#frames[count]!);
      }
    }
    if (this.#frames.length > 0 || this.#outbox.length > 0) return this.#schedule();
    this.#flushed?.resolve();
    this.#flushed = undefined;
  }
}

function numberAt(frame: Uint8Array, at: number): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(at);
}

function setNumberAt(frame: Uint8Array, at: number, number: number): void {
  new DataView(frame.buffer, frame.byteOffset).setUint32(at, number);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
