/**
 * A sender's side of the writer: collects messages, posts them in batches, and matches the answers.
 *
 * A batch leaves when it is large ({@linkcode BATCH_ROWS}), when its oldest message has waited
 * {@linkcode BATCH_MS}, or at once when somebody waits for it and nothing is under way. So a lone message
 * is quick, and under load the batches grow by themselves.
 *
 * Credits keep memory bounded: {@linkcode WINDOW_ROWS} rows may be on their way; a sender that is further
 * ahead waits at {@linkcode BatchSender.ready}. The news of tasks is folded into what has not been posted yet.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { type ErrorData, fromErrorData, toErrorData, WriterClosedError } from "../../errors.ts";
import type {
  Ack,
  Batch,
  CheckpointRequest,
  CutRequest,
  InTheWayRequest,
  PortReply,
  PortRequest,
  StatsRequest,
} from "../protocol/sender_port.ts";
import type { TaskUpdateMessage } from "../protocol/task_message.ts";
import { weightOf, type WriteMessage, type WriteResult } from "../protocol/write_message.ts";
import { isEnd } from "../../internal/task_status.ts";

/** Rows in a batch: from here on the cost of a message is that of its rows (measured). */
const BATCH_ROWS = 1_000;

/** Milliseconds that a message may wait for others: less than a person or a page can notice. */
export const BATCH_MS = 5;

/** Rows posted and not acknowledged: eight batches keep both threads busy. Large values count for many. */
const WINDOW_ROWS = 8 * BATCH_ROWS;

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What is kept of a batch: not its messages, which would outlive the young generation by the thousand. */
interface Posted {
  rows: number;
  /** Messages that could not be cloned, and why. */
  refused: [number, ErrorData][];
  /** Resolved with the acknowledgement, for those who wait for the whole batch. */
  acknowledged: PromiseWithResolvers<void>;
  waiters: Map<number, Waiter>;
  tasks: Map<number, number>;
}

/** Called with the failure of a message for which nobody waits, and with the task that sent it, if any did. */
export type FailureListener = (error: ErrorData, task: number | undefined) => void;

/** Sends messages to the writer over one port, in order. */
export class BatchSender {
  readonly #port: MessagePort;
  readonly #onFailure: FailureListener;
  #messages: WriteMessage[] = [];
  /** Who waits for a message, and which task sent it, by its index in `#messages`. */
  #waiters = new Map<number, Waiter>();
  #tasks = new Map<number, number>();
  #rows = 0;
  /** News of a task that is still in `#messages`, and may be folded with what follows. */
  #updates = new Map<number, TaskUpdateMessage>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the oldest of the messages came. */
  #since = 0;
  #seq = 0;
  #posted = new Map<number, Posted>();
  #requests = new Map<number, Waiter>();
  #postedRows = 0;
  #room: PromiseWithResolvers<void> | undefined;
  /** Why nothing more is taken. */
  #refusal: Error | undefined;
  /** Why nothing more is posted, and no answer is heard. */
  #dead: Error | undefined;

  constructor(port: MessagePort, onFailure: FailureListener = () => {}) {
    this.#port = port;
    this.#onFailure = onFailure;
    port.onmessage = (event: MessageEvent<PortReply>) => this.#receive(event.data);
  }

  /** Sends a message without waiting; its failure goes to the listener. */
  post(message: WriteMessage): void {
    if (this.#refusal) throw this.#refusal;
    if ("task" in message && message.task !== undefined) {
      this.#tasks.set(this.#messages.length, message.task);
      // What follows must not be folded into news from before these rows.
      this.#settle(message.task);
    }
    this.#messages.push(message);
    this.#rows += weightOf(message);
    if (this.#rows >= BATCH_ROWS) this.#flush();
    else if (this.#timer === undefined) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => this.#flush(), BATCH_MS);
    }
  }

  /** Sends a message and resolves with what it did, once it is committed. */
  request(message: WriteMessage): Promise<WriteResult> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#refusal) return Promise.reject(this.#refusal);
    this.#waiters.set(this.#messages.length, { resolve, reject });
    this.post(message);
    if (this.#posted.size === 0) queueMicrotask(() => this.#flush());
    return promise as Promise<WriteResult>;
  }

  /** Sends the news of a task and resolves once it is committed. */
  requestUpdate(message: TaskUpdateMessage): Promise<WriteResult> {
    this.#settle(message.id);
    return this.request(message);
  }

  /** Sends the news of a task, folded into what is waiting to be posted. */
  update(message: TaskUpdateMessage): void {
    const waiting = this.#updates.get(message.id);
    if (!waiting) {
      this.post(message);
      // The batch may have gone with it.
      if (this.#messages.length > 0) this.#updates.set(message.id, message);
    } else {
      Object.assign(waiting, message);
    }
    if (message.status && isEnd(message.status)) this.#settle(message.id);
  }

  /** Sends how far a task is, folded into what is waiting to be posted. This is called most of all. */
  progress(run: number, id: number, progress: number, message?: string): void {
    const waiting = this.#updates.get(id);
    if (!waiting) {
      const update: TaskUpdateMessage = { kind: "task_update", run, id, progress };
      if (message !== undefined) update.message = message;
      return this.update(update);
    }
    waiting.progress = progress;
    if (message !== undefined) waiting.message = message;
  }

  /** Asks for something that is no message, after all that was sent before. */
  query(
    request: (seq: number) => CheckpointRequest | StatsRequest | InTheWayRequest | CutRequest,
  ): Promise<unknown> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    this.#flush();
    const seq = this.#seq++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#requests.set(seq, { resolve, reject });
    this.#port.postMessage(request(seq));
    return promise;
  }

  /**
   * Posts what is late because its thread was busy, without waiting for it: what is posted gets there even if
   * the thread is ended.
   */
  flushLate(): void {
    if (this.#messages.length > 0 && performance.now() - this.#since >= BATCH_MS) this.#flush();
  }

  /** Resolves when there is room for more; `undefined` when there is room now. */
  ready(): Promise<void> | undefined {
    if (this.#postedRows + this.#rows < WINDOW_ROWS) return undefined;
    if (this.#dead) return Promise.reject(this.#dead);
    return (this.#room ??= Promise.withResolvers()).promise;
  }

  /** Resolves when everything that was sent so far is acknowledged. */
  async flushed(): Promise<void> {
    this.#flush();
    if (this.#dead) throw this.#dead;
    // Batches are acknowledged in their order.
    await [...this.#posted.values()].at(-1)?.acknowledged.promise;
  }

  /** Takes nothing more. What was sent before is still posted, and its answers are heard. */
  rejectNew(error: Error): void {
    this.#refusal ??= error;
  }

  /** Gives the port back. What was sent before is still written, but its answers are not heard. */
  close(): void {
    if (this.#dead) return;
    this.#flush();
    this.#port.postMessage({ kind: "detach" } satisfies PortRequest);
    this.fail(new WriterClosedError("Cannot write: this sender is closed"));
  }

  /** Fails everything that waits, and everything that is sent from now on. */
  fail(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#refusal = error;
    clearTimeout(this.#timer);
    const posted = [...this.#posted.values()].flatMap(({ waiters, acknowledged }) => {
      acknowledged.promise.catch(() => {});
      return [...waiters.values(), acknowledged];
    });
    for (const waiter of [...posted, ...this.#waiters.values(), ...this.#requests.values()]) {
      waiter.reject(error);
    }
    this.#posted.clear();
    this.#waiters.clear();
    this.#requests.clear();
    this.#room?.promise.catch(() => {});
    this.#room?.reject(error);
    this.#port.close();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#messages.length === 0 || this.#dead) return;
    for (const id of this.#updates.keys()) this.#settle(id);
    const batch: Batch = { kind: "batch", seq: this.#seq++, messages: this.#messages };
    const posted: Posted = {
      rows: this.#rows,
      waiters: this.#waiters,
      tasks: this.#tasks,
      refused: [],
      acknowledged: Promise.withResolvers(),
    };
    this.#messages = [];
    this.#waiters = new Map();
    this.#tasks = new Map();
    this.#rows = 0;
    this.#posted.set(batch.seq, posted);
    this.#postedRows += posted.rows;
    try {
      this.#port.postMessage(batch);
    } catch {
      // The others keep their places, and the one that cannot be cloned leaves an empty one.
      batch.messages.forEach((message, index) => {
        const why = whyNotCloned(message);
        if (!why) return;
        posted.refused.push([index, why]);
        batch.messages[index] = { kind: "transaction", messages: [] };
      });
      this.#port.postMessage(batch);
    }
  }

  /** What follows is not folded into this news of a task any more. */
  #settle(id: number): void {
    const update = this.#updates.get(id);
    if (!update) return;
    this.#updates.delete(id);
    if (update.progress !== undefined || update.status === "running") update.updatedAt = isoNow();
  }

  #receive(reply: PortReply): void {
    switch (reply.kind) {
      case "ack":
        return this.#acknowledge(reply);
      case "answer": {
        const waiter = this.#requests.get(reply.seq);
        this.#requests.delete(reply.seq);
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
    const posted = this.#posted.get(seq);
    if (!posted) return;
    const { rows, waiters, tasks, refused, acknowledged } = posted;
    this.#posted.delete(seq);
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
    if (this.#postedRows < WINDOW_ROWS) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    if (this.#waiters.size > 0 && this.#posted.size === 0) this.#flush();
    acknowledged.resolve();
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
}
