/**
 * The tasks that a Worker was given and that have not returned, in their order.
 *
 * @module
 */
import type { TaskUpdateMessage } from "../../../writer/protocol/task_message.ts";
import type { OfferedTask } from "../executor.ts";
import { BOARD_TASKS, GivenState, TaskBoard } from "./task_board.ts";

/** A task that has returned. */
export interface ReturnedTask<Item> {
  task: OfferedTask<Item>;
  /** One of {@linkcode GivenState}. */
  state: number;
  begunAt: number;
  endedAt: number;
  /** What is known of it beside its times. */
  news: TaskUpdateMessage | undefined;
  /** Whether its beginning was reported before its end was found on the board. */
  isBegun: boolean;
}

/** Those of one Worker, as the main thread sees them. */
export class GivenTasks<Item> {
  readonly board = new TaskBoard();
  /** Numbers of tasks whose beginning was reported. */
  readonly #begun = new Set<number>();
  /** At the places of their numbers; those that were taken back have left. */
  readonly #tasks = new Array<OfferedTask<Item> | undefined>(BOARD_TASKS).fill(undefined);
  #first = 0;
  #next = 0;
  #size = 0;

  /** Number of tasks that run or wait for that. */
  get size(): number {
    return this.#size;
  }

  /** Adds tasks. Returns the number of the first; the others follow. */
  addAll(tasks: readonly OfferedTask<Item>[]): number {
    const first = this.#next;
    for (const task of tasks) {
      const number = this.#next++;
      this.#tasks[number % BOARD_TASKS] = task;
      this.board.give(number);
    }
    this.#size += tasks.length;
    return first;
  }

  /** The task of a number, whose beginning is reported. */
  begin(number: number): OfferedTask<Item> | undefined {
    const task = this.taskOf(number);
    if (task) this.#begun.add(number);
    return task;
  }

  /** The task of a number. */
  taskOf(number: number): OfferedTask<Item> | undefined {
    return this.#tasks[number % BOARD_TASKS];
  }

  /** The task that runs, or else the next one. */
  get current(): OfferedTask<Item> | undefined {
    return this.taskOf(this.#current());
  }

  /** Whether one of them runs. */
  get isRunning(): boolean {
    return this.board.stateOf(this.#current()) === GivenState.begun;
  }

  /** Removes and returns those that have returned, in their order; `news` are those of some, in their order, too. */
  shiftReturned(news: readonly TaskUpdateMessage[]): ReturnedTask<Item>[] {
    const all: ReturnedTask<Item>[] = [];
    let at = 0;
    for (let next = this.#shift(news.length > 0); next; next = this.#shift(at < news.length)) {
      if (next.state === GivenState.doneWithNews) next.news = news[at++];
      all.push(next);
    }
    return all;
  }

  /** Takes back those among some that have not begun. Returns these. */
  takeBack(some: (task: OfferedTask<Item>) => boolean = () => true): OfferedTask<Item>[] {
    const taken: OfferedTask<Item>[] = [];
    for (let number = this.#first; number < this.#next; number++) {
      const task = this.#tasks[number % BOARD_TASKS];
      if (!task || !some(task) || !this.board.takeBack(number)) continue;
      this.#tasks[number % BOARD_TASKS] = undefined;
      this.#size--;
      taken.push(task);
    }
    return taken;
  }

  /** Removes and returns all: the Worker is gone. */
  clear(): OfferedTask<Item>[] {
    const left: OfferedTask<Item>[] = [];
    for (; this.#first < this.#next; this.#first++) {
      const task = this.#tasks[this.#first % BOARD_TASKS];
      if (task) left.push(task);
    }
    this.#tasks.fill(undefined);
    this.#size = 0;
    return left;
  }

  /** The number of the one that runs, or else of the next one. */
  #current(): number {
    for (let number = this.#first; number < this.#next; number++) {
      const isHere = this.#tasks[number % BOARD_TASKS] !== undefined;
      if (isHere && this.board.stateOf(number) <= GivenState.begun) return number;
    }
    return this.#next;
  }

  /** Removes and returns the oldest that has returned; one with news only where they are there. */
  #shift(hasNews: boolean): ReturnedTask<Item> | undefined {
    for (; this.#first < this.#next; this.#first++) {
      const number = this.#first;
      const at = number % BOARD_TASKS;
      const task = this.#tasks[at];
      if (!task) continue;
      const state = this.board.stateOf(number);
      if (state <= GivenState.begun || (state === GivenState.doneWithNews && !hasNews)) break;
      this.#tasks[at] = undefined;
      this.#first++;
      this.#size--;
      return {
        task,
        state,
        begunAt: this.board.begunAt(number),
        endedAt: this.board.endedAt(number),
        news: undefined,
        isBegun: this.#begun.delete(number),
      };
    }
    return undefined;
  }
}
