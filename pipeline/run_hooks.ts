/**
 * Calls the hooks of a run: some at a time, each for a limited time, and never to the harm of the run.
 *
 * @module
 */
import { type ErrorData, fromErrorData, toErrorData } from "../errors.ts";
import { summarizeError } from "../internal/error_text.ts";
import { noCounts } from "../internal/task_status.ts";
import { formatCount, formatDuration } from "../internal/units.ts";
import type { TaskOutcome } from "./executor/task_runner.ts";
import { type EndedRun, type EndedTask, HOOK_TIMEOUT_MS, type HookOptions } from "./hooks.ts";
import type { RunObserver } from "./observers/run_observer.ts";
import { type PipelineReport, reportOf } from "./report.ts";
import type { CallBrake, EndingTask } from "./scheduler/scheduler_options.ts";

/** Calls of `onTaskEnd` that are active at once. */
const MOST_CALLS = 16;

/** Failed calls that are reported one by one; the others are counted. */
const MAX_REPORTED = 20;

/** What is known of a run without its report. */
export interface NamedRun {
  name: string;
  args: object;
  label: string | null;
}

/** The hooks of one run. */
export class RunHooks implements CallBrake {
  /** Shows that a hook failed, instead of the console. */
  observer: RunObserver | undefined;
  readonly #options: HookOptions;
  readonly #begun = performance.now();
  readonly #timeoutMs: number;
  /** Ends that wait for a call; those before `#next` have had theirs. */
  #waiting: EndedTask[] = [];
  #next = 0;
  #calls = 0;
  #failed = 0;
  #wake: (() => void) | undefined;

  constructor(options: HookOptions) {
    this.#options = options;
    this.#timeoutMs = options.hookTimeoutMs ?? HOOK_TIMEOUT_MS;
  }

  /** The hooks of a run; `undefined` when there are none. */
  static of(options: HookOptions): RunHooks | undefined {
    return options.onTaskEnd || options.onEnd ? new RunHooks(options) : undefined;
  }

  /** Those for the ends of tasks; `undefined` when there is none, so that tasks cost nothing. */
  get ofTasks(): RunHooks | undefined {
    return this.#options.onTaskEnd && this;
  }

  /** Whether the maximum of calls is active, so that no task may begin. */
  get isFull(): boolean {
    return this.#calls >= MOST_CALLS;
  }

  /** Whether no call is active or waits. */
  get isIdle(): boolean {
    return this.#calls === 0;
  }

  /** Calls back whenever a call has ended. */
  listen(wake: () => void): void {
    this.#wake = wake;
  }

  /** A task has ended. */
  taskEnded(task: EndingTask, outcome: TaskOutcome): void {
    this.#waiting.push(toEndedTask(task, outcome));
    this.#call();
  }

  /** The run is over: it has a report, or failed as a whole. */
  async runEnded(
    run: NamedRun,
    report: PipelineReport | undefined,
    failure: unknown,
  ): Promise<void> {
    if (this.#failed > MAX_REPORTED) {
      const others = formatCount(this.#failed - MAX_REPORTED);
      this.#report(`${others} other calls of onTaskEnd failed`);
    }
    const { onEnd } = this.#options;
    if (!onEnd) return;
    const ended = report
      ? { ...report }
      : toEndedRun(run, failure, performance.now() - this.#begun);
    await this.#limit("onEnd", (signal) => onEnd(ended, signal));
  }

  /** Calls for ends that wait, as far as there is room. */
  #call(): void {
    while (!this.isFull && this.#next < this.#waiting.length) {
      const ended = this.#waiting[this.#next++]!;
      if (this.#next === this.#waiting.length) [this.#waiting, this.#next] = [[], 0];
      this.#calls++;
      void this.#callOne(ended).then(() => {
        this.#calls--;
        this.#call();
        this.#wake?.();
      });
    }
  }

  async #callOne(outcome: EndedTask): Promise<void> {
    // The caller is amid the end of the task, and the hook may cancel, retry or add tasks.
    await undefined;
    const { id, name, key } = outcome;
    await this.#limit(
      `onTaskEnd of task ${id} (${name})`,
      (signal) => this.#options.onTaskEnd!({ id, name, key }, outcome, signal),
    );
  }

  async #limit(what: string, hook: (signal: AbortSignal) => unknown): Promise<void> {
    const limit = new AbortController();
    const late = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const returned = hook(limit.signal);
      if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
      timer = setTimeout(() => {
        const time = formatDuration(this.#timeoutMs);
        const error = new Error(`It has not ended within ${time}; the run continues without it`);
        late.reject(error);
        limit.abort(error);
      }, this.#timeoutMs);
      await Promise.race([late.promise, returned]);
    } catch (thrown) {
      if (++this.#failed <= MAX_REPORTED || what === "onEnd") {
        this.#report(`${what} failed: ${summarizeError(thrown)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #report(text: string): void {
    if (!this.observer?.hookFailed?.(text)) console.warn(text);
  }
}

/** Notifies `onEnd` of a run that could not begin, because its items failed. */
export async function reportNotBegun(
  options: HookOptions,
  run: NamedRun,
  failure: unknown,
): Promise<void> {
  await RunHooks.of(options)?.runEnded(run, undefined, failure);
}

function toEndedTask(
  { id, name, key, attempt }: EndingTask,
  { status, error, result }: TaskOutcome,
): EndedTask {
  const ended: EndedTask = { id, name, key, status, attempt: attempt?.number ?? 1 };
  if (error) ended.error = fromErrorData(error as ErrorData);
  if (result !== undefined) ended.result = JSON.parse(result);
  return ended;
}

function toEndedRun(run: NamedRun, failure: unknown, elapsedMs: number): EndedRun {
  const known = reportOf(failure) ?? {
    ...run,
    runId: null,
    counts: { ...noCounts(), total: 0 },
    failures: [],
    elapsedMs,
    checkpoint: undefined,
  };
  const error = failure instanceof Error ? failure : fromErrorData(toErrorData(failure));
  return { ...known, status: "error", reason: summarizeError(failure), error };
}
