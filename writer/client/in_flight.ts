/**
 * What a sender has handed over and the writer has not answered yet: batches and queries in their order, and the
 * credits of the sender.
 *
 * At most {@linkcode WINDOW_ROWS} rows are posted at a time, fewer where many Workers share the writer. What is handed over beyond that stays on this side, as
 * references to the sender's values, until acknowledgements give credits back: a port has no backpressure, and each
 * posted value is a copy.
 *
 * @module
 */
import { TransientMap } from "../../internal/transient_map.ts";
import { type ErrorData, fromErrorData, toErrorData } from "../../errors.ts";
import type {
  Ack,
  Batch,
  PortReply,
  Query,
  QueryRequest,
  QueryResults,
} from "../protocol/sender_port.ts";
import { checkLongTexts } from "./steps.ts";
import { pack } from "../protocol/task_news.ts";
import { largeBuffers, withoutLarge } from "../protocol/free_bytes.ts";
import type { WriteMessage } from "../protocol/write_message.ts";

/** Rows posted and not acknowledged: eight batches keep both threads busy. Large values count for many. */
export const WINDOW_ROWS = 8_000;

/** Rows that the Workers of a pool may have posted together, and one of them at least. */
const POOL_ROWS = 64_000;
const MIN_ROWS = 2_000;

/** The rows that each of a number of senders may have posted. */
export function windowFor(senders: number): number {
  return Math.min(WINDOW_ROWS, Math.max(MIN_ROWS, Math.floor(POOL_ROWS / senders)));
}

/** The promise of a caller. */
export interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Messages that travel together, and what their answers are needed for. */
export interface Collected {
  messages: WriteMessage[];
  /** What the messages count for. */
  rows: number;
  /** Who waits for a message, by its index. */
  waiters: Map<number, Waiter>;
  /** Which task sent a message, by its index. */
  tasks: Map<number, number>;
  /** Whether there are statements among them, whose long texts are looked through when they are posted. */
  hasStatements: boolean;
}

/** A batch without messages. */
export function noneCollected(): Collected {
  return { messages: [], rows: 0, waiters: new Map(), tasks: new Map(), hasStatements: false };
}

/** What is kept of a batch: not its messages, which would outlive the young generation by the thousand. */
interface Unacknowledged extends Omit<Collected, "messages"> {
  /** Messages that could not be cloned, and why. */
  refused: [number, ErrorData][];
  /** Resolved with the acknowledgement, for those who wait for the whole batch. */
  acknowledged: PromiseWithResolvers<void>;
}

/** A batch before it is posted. */
interface UnpackedBatch extends Batch {
  messages: WriteMessage[];
}

/** Called with the failure of a message that is not awaited, and with the task that sent it, if any did. */
export type FailureListener = (error: ErrorData, task: number | undefined) => void;

/** Options of a sender. */
export interface SenderOptions {
  /**
   * Rows that may be posted and not acknowledged.
   *
   * @default {8,000}
   */
  window?: number | undefined;
  /** Called before the first post, which waits until it has resolved. */
  opens?: (() => Promise<void>) | undefined;
}

/** Options of an {@linkcode InFlight}. */
export interface InFlightOptions extends SenderOptions {
  onFailure: FailureListener;
  /** Called after each acknowledgement. */
  onAcknowledged: () => void;
}

/** Posts batches and queries as far as credits reach, and matches the answers. */
export class InFlight {
  readonly #port: MessagePort;
  readonly #onFailure: FailureListener;
  /** Called after each acknowledgement. */
  readonly #onAcknowledged: () => void;
  readonly #window: number;
  #opens: (() => Promise<void>) | undefined;
  #isOpening = false;
  #seq = 0;
  /** What waits for credits, in its order. */
  #waiting: (UnpackedBatch | QueryRequest)[] = [];
  readonly #batches = new TransientMap<number, Unacknowledged>();
  readonly #queries = new TransientMap<number, Waiter>();
  #rows = 0;
  #postedRows = 0;

  constructor(
    port: MessagePort,
    { onFailure, onAcknowledged, window = WINDOW_ROWS, opens }: InFlightOptions,
  ) {
    this.#port = port;
    this.#onFailure = onFailure;
    this.#onAcknowledged = onAcknowledged;
    this.#window = window;
    this.#opens = opens;
    port.onmessage = (event: MessageEvent<PortReply>) => this.#receive(event.data);
  }

  /** Whether fewer rows are unacknowledged, posted or not, than may be. */
  get hasRoom(): boolean {
    return this.#rows < this.#window;
  }

  /** Whether every batch is acknowledged. */
  get isIdle(): boolean {
    return this.#batches.size === 0;
  }

  /** Takes a batch over. */
  add({ messages, ...batch }: Collected): void {
    const seq = this.#seq++;
    this.#batches.set(seq, { ...batch, refused: [], acknowledged: Promise.withResolvers() });
    this.#rows += batch.rows;
    this.#waiting.push({ kind: "batch", seq, rows: batch.rows, messages });
    this.#post();
  }

  /** Sends a query behind the batches. */
  query<Q extends Query>(query: Q): Promise<QueryResults[Q["kind"]]> {
    const seq = this.#seq++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#queries.set(seq, { resolve, reject });
    this.#waiting.push({ kind: "query", seq, query });
    this.#post();
    return promise as Promise<QueryResults[Q["kind"]]>;
  }

  /** Resolves when every batch is acknowledged that was taken over so far. */
  async flushed(): Promise<void> {
    // Batches are acknowledged in their order.
    await [...this.#batches.values()].at(-1)?.acknowledged.promise;
  }

  /** Posts everything, whatever the credits, and announces that the port will not be used again. */
  detach(): void {
    this.#post(Infinity);
    this.#port.postMessage({ kind: "detach" });
  }

  /** Rejects everything that is not answered, and closes the port. */
  fail(error: Error): void {
    const batches = [...this.#batches.values()].flatMap(({ waiters, acknowledged }) => {
      acknowledged.promise.catch(() => {});
      return [...waiters.values(), acknowledged];
    });
    for (const waiter of [...batches, ...this.#queries.values()]) waiter.reject(error);
    this.#batches.clear();
    this.#queries.clear();
    this.#waiting = [];
    this.#port.close();
  }

  /** Posts what the credits allow: nothing overtakes a batch that waits. */
  #post(window = this.#window): void {
    if (this.#opens) return this.#open();
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.kind === "batch") {
        if (this.#postedRows >= window) return;
        this.#postBatch(next);
      } else {
        this.#port.postMessage(next);
      }
      this.#waiting.shift();
    }
  }

  #open(): void {
    if (this.#isOpening || this.#waiting.length === 0) return;
    this.#isOpening = true;
    void this.#opens!().then(() => {
      this.#opens = undefined;
      this.#post();
    });
  }

  #postBatch(batch: UnpackedBatch): void {
    const state = this.#batches.get(batch.seq)!;
    this.#postedRows += state.rows;
    if (state.hasStatements) refuseSome(batch, state, whyNotStored);
    const post = () => {
      const buffers = largeBuffers(batch.messages);
      // A post that fails would take the bytes along.
      if (buffers.length > 0) structuredClone(batch.messages.map(withoutLarge));
      this.#port.postMessage({ ...batch, messages: pack(batch.messages) }, buffers);
    };
    try {
      post();
    } catch {
      refuseSome(batch, state, whyNotCloned);
      post();
    }
  }

  #receive(reply: PortReply): void {
    switch (reply.kind) {
      case "ack":
        return this.#acknowledge(reply);
      case "answer": {
        const waiter = this.#queries.get(reply.seq);
        this.#queries.delete(reply.seq);
        if (reply.error) waiter?.reject(fromErrorData(reply.error));
        else waiter?.resolve(reply.value);
        return;
      }
      default: {
        const unknown: never = reply;
        throw new TypeError(`Cannot read an answer of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  #acknowledge({ seq, results, failures }: Ack): void {
    const batch = this.#batches.get(seq);
    if (!batch) return;
    const { rows, waiters, tasks, refused, acknowledged } = batch;
    this.#batches.delete(seq);
    this.#rows -= rows;
    this.#postedRows -= rows;
    for (const [index, error] of [...failures, ...refused]) {
      const waiter = waiters.get(index);
      waiters.delete(index);
      waiter?.reject(fromErrorData(error));
      const task = tasks.get(index);
      if (!waiter || task !== undefined) this.#onFailure(error, task);
    }
    for (const [index, result] of results) {
      waiters.get(index)?.resolve(result);
      waiters.delete(index);
    }
    for (const waiter of waiters.values()) waiter.resolve(undefined);
    this.#post();
    this.#onAcknowledged();
    acknowledged.resolve();
  }
}

/** Takes messages out of a batch: the others keep their places, and each of these leaves an empty one. */
function refuseSome(
  { messages }: UnpackedBatch,
  { refused }: Unacknowledged,
  whyNot: (message: WriteMessage) => ErrorData | undefined,
): void {
  messages.forEach((message, index) => {
    const why = whyNot(message);
    if (!why) return;
    refused.push([index, why]);
    messages[index] = { kind: "transaction", messages: [] };
  });
}

function whyNotStored(message: WriteMessage): ErrorData | undefined {
  try {
    checkLongTexts(message);
    return undefined;
  } catch (error) {
    return toErrorData(error);
  }
}

function whyNotCloned(message: WriteMessage): ErrorData | undefined {
  if (message.kind === "transaction") {
    return message.messages.map(whyNotCloned).find((why) => why !== undefined);
  }
  try {
    structuredClone(message);
  } catch (error) {
    const what = message.kind === "insert" ? `rows for ${message.table}` : `"${message.kind}"`;
    const text = `Cannot send ${what} to the writer: ${(error as Error).message}; pass plain data`;
    return toErrorData(new TypeError(text, { cause: error }));
  }
  return undefined;
}
