/**
 * What became of the tasks that a Worker was given, in memory that it shares with the main thread.
 *
 * A Worker that computes answers no message. So it notes here which task it has begun and which are done, and a task
 * that it has not begun can be taken back at any time: whichever thread changes the state first has the task.
 *
 * @module
 */

/** Tasks that a board has room for: those that were given since the oldest that has not returned. */
export const BOARD_TASKS = 1_024;

/** Where a task stands; each follows from one before it. */
export const GivenState = {
  /** The Worker has it, or will have it as soon as it reads its messages. */
  given: 1,
  /** It was taken back before it began. */
  takenBack: 2,
  /** It runs. */
  begun: 3,
  /** It is done, and has sent nothing: its news is written by the main thread. */
  done: 4,
  /** The same, with news that follow in a message. */
  doneWithNews: 5,
  /** Its function has returned, and its end follows in a message. */
  returned: 6,
} as const;

/** Tasks by the numbers under which they were given, each at the place of its number. */
export class TaskBoard {
  /** What is shared. */
  readonly memory: SharedArrayBuffer;
  readonly #begunAt: Float64Array;
  readonly #endedAt: Float64Array;
  readonly #states: Int32Array;

  /** The other thread passes the memory on. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BOARD_TASKS * 20)) {
    this.memory = memory;
    this.#begunAt = new Float64Array(memory, 0, BOARD_TASKS);
    this.#endedAt = new Float64Array(memory, BOARD_TASKS * 8, BOARD_TASKS);
    this.#states = new Int32Array(memory, BOARD_TASKS * 16, BOARD_TASKS);
  }

  /** The main thread gives a task. */
  give(number: number): void {
    Atomics.store(this.#states, number % BOARD_TASKS, GivenState.given);
  }

  /** The main thread takes a task back; `false` when it has begun. */
  takeBack(number: number): boolean {
    return this.#leave(number, GivenState.takenBack);
  }

  /** The Worker begins a task; `false` when that was taken back. */
  begin(number: number, now: number): boolean {
    this.#begunAt[number % BOARD_TASKS] = now;
    return this.#leave(number, GivenState.begun);
  }

  /** The Worker is through with a task. */
  end(number: number, state: number, now: number): void {
    this.#endedAt[number % BOARD_TASKS] = now;
    Atomics.store(this.#states, number % BOARD_TASKS, state);
  }

  /** Where a task stands. */
  stateOf(number: number): number {
    return Atomics.load(this.#states, number % BOARD_TASKS);
  }

  /** When a task began, in milliseconds since the epoch. */
  begunAt(number: number): number {
    return this.#begunAt[number % BOARD_TASKS]!;
  }

  /** When it ended. */
  endedAt(number: number): number {
    return this.#endedAt[number % BOARD_TASKS]!;
  }

  #leave(number: number, state: number): boolean {
    const { given } = GivenState;
    return Atomics.compareExchange(this.#states, number % BOARD_TASKS, given, state) === given;
  }
}
