/**
 * Tasks that sleep until a time of the day's clock. There is one timer, for the first of them.
 *
 * A timer counts the time that the process is awake, and the clock may be set. So a long wait is cut into slices, after
 * each of which the clock is read.
 *
 * @module
 */
import { Heap } from "./heap.ts";

/** Milliseconds after which the clock is read again. */
const SLICE_MS = 30_000;

/** One that sleeps. */
interface Sleeper<Task> {
  readonly task: Task;
  readonly until: number;
  /** Called when its time has come. */
  readonly wake: () => void;
}

/** Tasks that sleep. */
export class Sleepers<Task> {
  /** One that has been deleted stays in the heap until it is the first. */
  readonly #heap = new Heap<Sleeper<Task>>((a, b) => a.until < b.until);
  readonly #asleep = new Map<Task, Sleeper<Task>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer waits for. */
  #timed = Infinity;

  /** Number of tasks that sleep. */
  get size(): number {
    return this.#asleep.size;
  }

  /** When the first of them wakes, in milliseconds since 1970; `undefined` when none sleeps. */
  get first(): number | undefined {
    return this.#firstOfHeap()?.until;
  }

  /** A task sleeps until then, in milliseconds since 1970. */
  add(task: Task, until: number, wake: () => void): void {
    const sleeper = { task, until, wake };
    this.#asleep.set(task, sleeper);
    this.#heap.push(sleeper);
    if (until < this.#timed) this.#wait();
  }

  /** A task sleeps no more. */
  delete(task: Task): void {
    if (this.#asleep.delete(task) && this.#asleep.size === 0) this.#wait();
  }

  #firstOfHeap(): Sleeper<Task> | undefined {
    for (let first = this.#heap.first; first; first = this.#heap.first) {
      if (this.#asleep.get(first.task) === first) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const first = this.#firstOfHeap();
    this.#timed = first?.until ?? Infinity;
    if (!first) return;
    const ms = Math.min(Math.max(first.until - Date.now(), 0), SLICE_MS);
    this.#timer = setTimeout(() => this.#wakeAll(), ms);
  }

  #wakeAll(): void {
    const now = Date.now();
    for (
      let first = this.#firstOfHeap();
      first && first.until <= now;
      first = this.#firstOfHeap()
    ) {
      this.#asleep.delete(first.task);
      this.#heap.pop();
      first.wake();
    }
    this.#wait();
  }
}
