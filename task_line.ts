/**
 * The line of tasks that are to run: those of the feed, and those that come back to be run again. Only a pipeline
 * whose tasks may come back has one; others take their tasks from the feed.
 *
 * The line ends when the feed has ended and no task that was given out can come back any more. So whoever is
 * free waits here while a task waits for its retry, and runs others meanwhile: a wait holds no worker.
 *
 * @module
 */
import type { TaskFeed } from "./task_feed.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** Where tasks are taken from. */
export type TaskSource<Item> = Pick<TaskFeed<Item>, "take">;

/** Gives tasks out until none can come back. Its fields belong to the main thread. */
export class TaskLine<Item> implements TaskSource<Item> {
  readonly #source: TaskSource<Item>;
  readonly #signal: AbortSignal;
  /** Tasks that are to be taken before those of the source. */
  readonly #ready: IdentifiedItem<Item>[] = [];
  /** Tasks that were given out and have not left. */
  #open = 0;
  /** What the source was asked for: a task that it gives late must not be lost. */
  #asked: Promise<void> | undefined;
  #news = Promise.withResolvers<void>();

  constructor(source: TaskSource<Item>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#tell());
  }

  /** The next task, `undefined` when there is none and none comes back; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (this.#signal.aborted) return undefined;
    const next = this.#ready.shift() ?? (this.#asked ? undefined : this.#ask());
    if (next) {
      this.#open++;
      return next;
    }
    if (!this.#asked && this.#open === 0) return undefined;
    return this.#news.promise.then(() => this.take());
  }

  /** A task that was given out is to be run again, now. */
  comeBack(task: IdentifiedItem<Item>): void {
    this.#ready.push(task);
    this.leave();
  }

  /** A task that was given out does not come back. */
  leave(): void {
    this.#open--;
    this.#tell();
  }

  #ask(): IdentifiedItem<Item> | undefined {
    const task = this.#source.take();
    if (!(task instanceof Promise)) return task;
    this.#asked = task.then((late) => {
      this.#asked = undefined;
      if (late) this.#ready.push(late);
      this.#tell();
    });
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
