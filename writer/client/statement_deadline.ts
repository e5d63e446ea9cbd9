/**
 * Ends a writer that does not leave a statement, once the statement may no longer take its time: because its run is
 * to stop, or the time of its task is up. Until then a statement may take as long as it needs.
 *
 * `node:sqlite` has no interrupt, and a Worker that is ended leaves native code only by itself. So the writer is
 * declared dead: all callers that wait for it get an error, and the database stays locked until the process ends.
 * SQLite then rolls the statement back, and what was acknowledged stays.
 *
 * Rejected: a limit for each statement (an index over a large table takes minutes), and `PRAGMA hard_heap_limit`,
 * which does end a statement, and every later one in the process, too.
 *
 * @module
 */
import { shown } from "../../sqlite/sql_text.ts";
import type { CurrentStatement, StatementBoard } from "../protocol/statement_board.ts";

/**
 * Milliseconds that a statement has at least: with a shorter grace, such as 0, one that is only written at that moment
 * would end the writer.
 */
const LEAST_MS = 1_000;

/** Milliseconds between two looks: small beside any grace. */
const LOOK_MS = 50;

const STOPPED = "the run was stopped";

/** How long statements of a run may take once it is stopped. */
export interface StatementLimit {
  /** Stops the run. */
  signal: AbortSignal;
  /** Milliseconds that a statement may continue then. */
  graceMs: number;
  /** The tasks whose statements must end, where the writer has others, too. */
  tasks?: (() => Iterable<{ readonly id: number }>) | undefined;
  /** Called when the writer was ended. */
  ended?: (() => void) | undefined;
}

/** What a deadline works on. */
interface Target {
  /** Where the writer notes its statement. */
  board: StatementBoard;
  /** Ends the writer. */
  end: (why: string) => void;
}

/** The deadline of one run. */
export class StatementDeadline implements Disposable {
  readonly #limit: StatementLimit;
  readonly #target: Target;
  /** Tasks whose statements must end, from when on, and why. */
  readonly #tasks = new Map<number, { dueAt: number; reason: string }>();
  /** Whether all statements must end, but for those of others. */
  #isStopped = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isDisposed = false;
  /** The statement that must end, and since when that is known. */
  #seen: { number: number; since: number } | undefined;
  readonly #stop = () => {
    const { tasks } = this.#limit;
    if (tasks) { for (const { id } of tasks()) this.limitTask(id, 0, STOPPED); }
    else this.#isStopped = true;
    this.#watch();
  };

  constructor(limit: StatementLimit, target: Target) {
    this.#limit = limit;
    this.#target = target;
    if (limit.signal.aborted) this.#stop();
    else limit.signal.addEventListener("abort", this.#stop);
  }

  /** The statements of a task must end within the time of grace after this many milliseconds, until it is released. */
  limitTask(task: number, afterMs: number, reason: string): void {
    this.#tasks.set(task, { dueAt: performance.now() + afterMs, reason });
    this.#watch();
  }

  /** A task has ended: all that it sent is written. */
  releaseTask(task: number): void {
    this.#tasks.delete(task);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.#limit.signal.removeEventListener("abort", this.#stop);
  }

  #watch(): void {
    if (!this.#isDisposed) this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    const statement = this.#target.board.read();
    const reason = statement && this.#reasonAgainst(statement);
    if (!reason) return void (this.#seen = undefined);
    const now = performance.now();
    const { number, task, sql } = statement;
    if (this.#seen?.number !== number) this.#seen = { number, since: now };
    const { ended } = this.#limit;
    const graceMs = Math.max(LEAST_MS, this.#limit.graceMs);
    if (now - this.#seen.since < graceMs) return;
    clearInterval(this.#timer);
    const of = task === undefined ? "" : ` of task ${task}`;
    this.#target.end(`a statement${of} still ran ${graceMs} ms after ${reason}: ${shown(sql)}`);
    ended?.();
  }

  #reasonAgainst({ task }: CurrentStatement): string | undefined {
    const own = task === undefined ? undefined : this.#tasks.get(task);
    if (own && performance.now() >= own.dueAt) return own.reason;
    return this.#isStopped ? STOPPED : undefined;
  }
}
