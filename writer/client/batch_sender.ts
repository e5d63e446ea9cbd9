/**
 * A sender's side of the writer: collects messages into batches.
 *
 * A batch leaves when it is large ({@linkcode BATCH_ROWS}), when its oldest message has waited
 * {@linkcode BATCH_MS}, or at once when a caller waits for it and nothing is unacknowledged. So a lone message
 * is quick, and under load the batches grow by themselves. The news of a task is folded into what has not left yet.
 *
 * Credits keep memory bounded: a sender that is further ahead of the disk than its window waits at
 * {@linkcode BatchSender.ready}.
 *
 * @module
 */
import { asStored } from "../../internal/text/stored_text.ts";
import { isoNow } from "../../internal/timestamps.ts";
import { WriterClosedError } from "../../errors.ts";
import type { Query, QueryResults } from "../protocol/sender_port.ts";
import type { QueueTasksMessage, TaskUpdateMessage } from "../protocol/task_message.ts";
import {
  isStatement,
  type ResultOf,
  ROW_BYTES,
  weightOf,
  type WriteMessage,
} from "../protocol/write_message.ts";
import { foldNews, isShortLife, newsOf } from "../protocol/task_news.ts";
import { isEnd } from "../../internal/task_status.ts";
import {
  type FailureListener,
  InFlight,
  noneCollected,
  type SenderOptions,
  type Waiter,
} from "./in_flight.ts";
import { LateTasks } from "./late_tasks.ts";
import { Turns } from "./turns.ts";

/** Rows in a batch: from here on the cost of a message is that of its rows (measured). */
const BATCH_ROWS = 1_000;

/** Rows in a batch with new tasks: a thousand of them and their news, which the writer then writes together. */
const TASK_BATCH_ROWS = 2_500;

/** Milliseconds that a message may wait for others: less than a person or a page can notice. */
export const BATCH_MS = 5;

/** Sends messages to the writer over one port, in order. */
export class BatchSender {
  readonly #inFlight: InFlight;
  #collected = noneCollected();
  /** Rows with which it leaves. */
  #rowsOfBatch = BATCH_ROWS;
  /** News of a task that is still in `#collected`, and may be folded with what follows. */
  #updates = new Map<number, TaskUpdateMessage>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the oldest of the messages came. */
  #since = 0;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #turns = new Turns();
  readonly #late = new LateTasks();
  /** Why nothing more is taken. */
  #refusal: Error | undefined;
  /** Why nothing more is posted, and no answer is read. */
  #dead: Error | undefined;

  /** `onFailure` receives failures that no caller waits for. */
  constructor(port: MessagePort, onFailure: FailureListener = () => {}, options?: SenderOptions) {
    const onAcknowledged = () => this.#acknowledged();
    this.#inFlight = new InFlight(port, { ...options, onFailure, onAcknowledged });
  }

  /** Sends a message without waiting; its failure goes to the listener. */
  post(message: WriteMessage): void {
    if (this.#refusal) throw this.#refusal;
    this.#collect(message);
  }

  /** Sends new tasks together with their first news, or before anything else. */
  postLate(message: QueueTasksMessage): void {
    this.#late.add(message);
  }

  /** Sends those of them up to an id, whose news follow. */
  queueUpTo(id: number): void {
    for (const message of this.#late.take(id)) this.#collect(message);
  }

  /** Sends a message and resolves with what it did, once it is committed. */
  request<M extends WriteMessage>(message: M): Promise<ResultOf<M>> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#collect(message, { resolve, reject });
    if (this.#inFlight.isIdle) queueMicrotask(() => this.#flush());
    return promise as Promise<ResultOf<M>>;
  }

  /** Sends the news of a task and resolves once it is committed. */
  requestUpdate(message: TaskUpdateMessage): Promise<void> {
    this.#settle(message.id);
    return this.request(message);
  }

  /** Sends the news of a task, folded into what is waiting to be posted. */
  update(message: TaskUpdateMessage): void {
    const waiting = this.#updates.get(message.id);
    if (!waiting) {
      this.post(message);
      // The batch may have gone with it.
      if (this.#collected.messages.length > 0) this.#updates.set(message.id, message);
    } else {
      this.#fold(waiting, message);
    }
    if (message.status && isEnd(message.status)) this.#settle(message.id);
  }

  /** Takes back the short news of a task's whole life that has sent nothing else: the last that were collected. */
  withdraw(id: number): TaskUpdateMessage | undefined {
    const { messages } = this.#collected;
    const last = messages.at(-1);
    if (last?.kind !== "task_update" || last.id !== id || !isShortLife(last)) return undefined;
    messages.pop();
    this.#collected.rows -= weightOf(last);
    return last;
  }

  /** Sends how far a task is, folded into what is waiting, whose text is made fit for storing as it leaves. */
  progress(run: number, id: number, progress: number, message?: string): void {
    const waiting = this.#updates.get(id);
    if (!waiting) {
      const news = newsOf(run, id);
      news.progress = progress;
      news.message = message && asStored(message);
      return this.update(news);
    }
    waiting.progress = progress;
    if (message !== undefined) {
      const { length: before = 0 } = waiting.message ?? "";
      waiting.message = message;
      this.#grow((message.length - before) / ROW_BYTES);
    }
  }

  /** Asks for something that is not a message, after all that was sent before. */
  query<Q extends Query>(query: Q): Promise<QueryResults[Q["kind"]]> {
    if (!this.#refusal) this.flushNow();
    return this.queryAhead(query);
  }

  /** Asks for something that does not depend on what was sent before, some of which may leave later. */
  queryAhead<Q extends Query>(query: Q): Promise<QueryResults[Q["kind"]]> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    return this.#inFlight.query(query);
  }

  /**
   * Posts what is late because its thread was busy, without waiting for it: what is posted gets there even if
   * the thread is ended.
   */
  flushLate(): void {
    if (this.#collected.messages.length === 0) return;
    if (performance.now() - this.#since >= BATCH_MS) this.#flush();
  }

  /** Posts all messages, without waiting for it, as far as there are credits. */
  flushNow(): void {
    this.queueUpTo(Infinity);
    this.#handOver();
  }

  /** Resolves when there is room for more; `undefined` when there is room now. */
  ready(): Promise<void> | undefined {
    if (this.#inFlight.hasRoom) return undefined;
    if (this.#dead) return Promise.reject(this.#dead);
    return (this.#room ??= Promise.withResolvers()).promise;
  }

  /** Resolves when there is room, for one caller after the other. */
  readyInTurn(): Promise<void> {
    return this.#turns.take(() => this.ready());
  }

  /** Resolves when everything that was sent so far is acknowledged. */
  async flushed(): Promise<void> {
    this.flushNow();
    if (this.#dead) throw this.#dead;
    await this.#inFlight.flushed();
  }

  /** Takes nothing more. What was sent before is still posted, and its answers are read. */
  rejectNew(error: Error): void {
    this.#refusal ??= error;
  }

  /** Gives the port back. What was sent before is still written, but its answers are not read. */
  close(): void {
    if (this.#dead) return;
    this.flushNow();
    this.#inFlight.detach();
    this.fail(new WriterClosedError("Cannot write: this sender is closed"));
  }

  /** Fails everything that waits, and everything that is sent from now on. */
  fail(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#refusal = error;
    clearTimeout(this.#timer);
    this.#inFlight.fail(error);
    for (const waiter of this.#collected.waiters.values()) waiter.reject(error);
    this.#collected = noneCollected();
    this.#room?.promise.catch(() => {});
    this.#room?.reject(error);
  }

  #collect(message: WriteMessage, waiter?: Waiter): void {
    if (this.#late.goBefore(message)) this.queueUpTo(Infinity);
    const weight = weightOf(message);
    if (message.kind === "queue_tasks" || message.kind === "queue_added") this.#beginTasks(weight);
    else if (this.#collected.rows + weight > this.#rowsOfBatch) this.#handOver();
    const { messages, waiters, tasks } = this.#collected;
    if (waiter) waiters.set(messages.length, waiter);
    if (isStatement(message)) this.#collected.hasStatements = true;
    if ("task" in message && message.task !== undefined) {
      tasks.set(messages.length, message.task);
      // What follows must not be folded into news from before these rows.
      this.#settle(message.task);
    }
    // Nor into news from before the task was queued again, or ended from outside.
    if (message.kind === "requeue_tasks" || message.kind === "end_tasks") {
      const tasks = message.ids === "queued" ? [] : message.ids;
      for (const id of tasks) this.#settle(id);
    }
    messages.push(message);
    this.#collected.rows += weight;
    if (this.#collected.rows >= this.#rowsOfBatch) this.#handOver();
    else if (this.#timer === undefined) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => this.#flush(), BATCH_MS);
    }
  }

  /** New tasks begin a batch, unless they and their news fit into this one and the writer has others to write. */
  #beginTasks(weight: number): void {
    const isFull = this.#collected.rows + 2 * weight > TASK_BATCH_ROWS;
    if (isFull || this.#inFlight.isIdle) this.#handOver();
    this.#rowsOfBatch = TASK_BATCH_ROWS;
  }

  /** Hands the messages over, unless there is no room: then more is collected, and folded. */
  #flush(): void {
    if (this.#inFlight.hasRoom) this.#handOver();
    else this.#timer = undefined;
  }

  #handOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#collected.messages.length === 0 || this.#dead) return;
    for (const id of this.#updates.keys()) this.#settle(id);
    // For the reason of `TransientMap`.
    this.#updates = new Map();
    const collected = this.#collected;
    this.#collected = noneCollected();
    this.#rowsOfBatch = BATCH_ROWS;
    this.#inFlight.add(collected);
  }

  #acknowledged(): void {
    if (this.#inFlight.hasRoom) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    const { messages, waiters } = this.#collected;
    if (messages.length === 0) return;
    if (waiters.size > 0 && this.#inFlight.isIdle) this.#flush();
    // They have waited for room. Other senders that waited add theirs first.
    else this.#timer ??= setTimeout(() => this.#flush(), 0);
  }

  /** Adds later news of a task to news that has not left. */
  #fold(waiting: TaskUpdateMessage, message: TaskUpdateMessage): void {
    const before = weightOf(waiting);
    foldNews(waiting, message);
    this.#grow(weightOf(waiting) - before);
  }

  /** What is collected has become so much more. */
  #grow(rows: number): void {
    this.#collected.rows += rows;
    if (this.#collected.rows >= this.#rowsOfBatch) this.#handOver();
  }

  /** What follows is not folded into this news of a task any more. */
  #settle(id: number): void {
    const update = this.#updates.get(id);
    if (!update) return;
    this.#updates.delete(id);
    if (update.message) update.message = asStored(update.message);
    if (update.progress !== undefined || update.status === "running") update.updatedAt = isoNow();
  }
}
