/**
 * The line of tasks that are to run: those of the feed, put in order and held back where that is asked for, and
 * those that come back to be run again. A pipeline that needs none of this takes its tasks from the feed.
 *
 * The line ends when the feed has ended and no task that was given out can come back, or let others go, any more.
 * So whoever is free waits here while a task waits for its retry, and runs others meanwhile: a wait holds no
 * worker.
 *
 * @module
 */
import { MAX_TIMER_MS } from "../../internal/validate.ts";
import type { TaskSource } from "./task_source.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { TaskQueue } from "./task_queue.ts";

/** Where tasks are taken from. */
export type TaskSupply<Item> = Pick<TaskSource<Item>, "take">;

/** What a line is made of. */
export interface LineOptions<Item> {
  /** Where the tasks come from. It is asked again after `undefined` as long as a task runs. */
  source: TaskSupply<Item>;
  /** Puts them in order. */
  queue: TaskQueue<Item>;
  /** How many tasks to read ahead, so that there are some to put in order. */
  ahead: number;
  /** Whether none goes before all are read, because the last may be the first in order. */
  whole?: boolean;
  /** Aborted when nothing more is to be given out. */
  signal: AbortSignal;
}

/** Gives tasks out until none can come back. Its fields belong to the main thread. */
export class ReadyQueue<Item> implements TaskSupply<Item> {
  readonly #options: LineOptions<Item>;
  /** Tasks that were given out and have not left. */
  #open = 0;
  /** What the source was asked for: a task that it gives late must not be lost. */
  #asked: Promise<void> | undefined;
  #failure: { thrown: unknown } | undefined;
  #news = Promise.withResolvers<void>();
  /** Fires when a task may start that waits for the rate of its tags. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LineOptions<Item>) {
    this.#options = options;
    options.signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      this.#tell();
    });
  }

  /** The next task, `undefined` when there is none and none comes back; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (this.#failure) throw this.#failure.thrown;
    const { queue, ahead, whole, signal } = this.#options;
    if (signal.aborted) return undefined;
    while (!this.#asked && queue.size < ahead && this.#ask());
    const isHeld = whole && this.#asked !== undefined;
    const next = isHeld ? undefined : queue.pop();
    if (next) {
      this.#open++;
      return next;
    }
    if (!isHeld) this.#wakeInTime();
    if (!this.#asked && this.#open === 0 && queue.size === 0) return undefined;
    return this.#news.promise.then(() => this.take());
  }

  /** A task that waits is to be passed over, which may end the waiting. */
  lookAgain(): void {
    this.#tell();
  }

  /** A task that was given out has begun. */
  start({ id }: IdentifiedItem<Item>): void {
    if (this.#options.queue.start(id)) this.#tell();
  }

  /** A task that was given out does not run for a while: what it used is free for others. */
  release({ id }: IdentifiedItem<Item>): void {
    this.#options.queue.release(id);
    this.#tell();
  }

  /** A task that was given out is to be run again, now. */
  requeue(task: IdentifiedItem<Item>): void {
    this.giveBack(task);
    this.complete(task);
  }

  /** A task that had left is to be run again. */
  giveBack(task: IdentifiedItem<Item>): void {
    try {
      this.#options.queue.push(task, true);
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#tell();
  }

  /** A task that was given out does not come back. */
  complete(task: IdentifiedItem<Item>): void {
    this.#open--;
    this.release(task);
  }

  /** Reads one task; tells whether there is one at once. */
  #ask(): boolean {
    const { source, queue } = this.#options;
    const task = source.take();
    if (!(task instanceof Promise)) {
      if (task) queue.push(task);
      return task !== undefined;
    }
    this.#asked = task.then((late) => late && queue.push(late))
      .catch((thrown) => this.#failure = { thrown })
      .then(() => {
        this.#asked = undefined;
        this.#tell();
      });
    return false;
  }

  /** Has those who wait look again when the next task may start; there is one timer for all of them. */
  #wakeInTime(): void {
    clearTimeout(this.#timer);
    const ms = this.#options.queue.waitMs;
    if (ms === Infinity) return;
    // Rounded up: a timer that fires early would be set again.
    this.#timer = setTimeout(() => this.#tell(), Math.min(MAX_TIMER_MS, Math.ceil(ms)));
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
