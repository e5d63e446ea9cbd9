/**
 * The durable steps of one attempt at a task: each is run once, whatever becomes of the attempt, and what it returned is
 * stored in the commit that ends it.
 *
 * The function of a task is run from its start each time, so a step is known by its place among the calls: the third
 * call is the third row of the task. The name of the row then reveals changed code. So steps come one after the
 * other; side by side, their order would be another each time. A failure that the task caught is stored with what comes
 * after it, and thrown again: otherwise the calls that follow would be others.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../../../errors.ts";
import { toJson } from "../../../internal/json.ts";
import { asStored } from "../../../internal/text/stored_text.ts";
import { isoNow, isoTime } from "../../../internal/timestamps.ts";
import { checkFunction, checkText, unexpected } from "../../../internal/validate.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { writeChecks } from "../task_checks.ts";
import type { DurableSteps } from "../attempt_parts.ts";
import type { TaskExecution } from "../task_execution.ts";
import { readSteps, type StoredStep, toStepsMessage } from "./step_rows.ts";
import { TaskSleep } from "./task_sleep.ts";

/** The last time that a `Date` can hold. */
const MAX_TIME = 8.64e15;

/** The steps of an attempt. */
class TaskSteps implements DurableSteps {
  readonly #execution: TaskExecution;
  /** Those that are stored; `undefined` until the first call. */
  #stored: StoredStep[] | undefined;
  /** Those that are stored with the next one. */
  #pending: StoredStep[] = [];
  readonly #names = new Set<string>();
  /** Number of calls. */
  #calls = 0;
  /** What runs, in words. */
  #current: string | undefined;
  /** Why no step is run any more: the calls are others than those before. */
  #changed: Error | undefined;
  sleep: TaskSleep | undefined;

  constructor(execution: TaskExecution) {
    this.#execution = execution;
  }

  /** The function has returned. */
  end(): void {
    if (this.sleep) throw this.sleep;
    if (this.#changed) throw this.#changed;
    const { id, name } = this.#execution;
    if (this.#current !== undefined) {
      throw new Error(
        `Cannot end task ${id} (${name}): ${this.#current} has not ended. Await each step`,
      );
    }
    if (this.#calls < (this.#stored?.length ?? 0)) throw this.#change("the end");
  }

  /** Runs a step, unless it has been run. */
  run<Result>(name: string, work: () => Result | PromiseLike<Result>): Promise<Result> {
    const operation = "run a step";
    checkText(name, { operation, name: "its name" });
    checkFunction(work, { operation, name: "what it does" });
    const text = asStored(name);
    // Where another step is stored at its place, it is the code that has changed.
    if (this.#names.has(text) && this.#calls >= (this.#stored?.length ?? 0)) {
      throw new Error(
        `Cannot run step ${Deno.inspect(text)}: this task has run a step of that name. ` +
          "Give each step a name of its own, such as one with the number of the page",
      );
    }
    return this.#call(`step ${Deno.inspect(text)}`, async () => {
      this.#names.add(text);
      const stored = await this.#next("step", text);
      if (stored) return read(stored) as Result;
      return await this.#work(text, work);
    });
  }

  /** Sleeps, unless that is over. */
  rest(duration: number | Date): Promise<void> {
    const began = Date.now();
    const wanted = toTime(duration, began);
    return this.#call("a sleep", async () => {
      const { startedAt, awakeMs, environment: { skipsSleeps } } = this.#execution;
      const stored = await this.#next("sleep", "");
      const now = Date.now();
      const until = stored ? Date.parse(stored.finishedAt) : wanted;
      const isOver = until <= now || (stored !== undefined && skipsSleeps === true);
      const step: StoredStep = {
        kind: "sleep",
        name: "",
        startedAt: isoTime(began),
        finishedAt: isoTime(Math.max(now, until)),
        result: null,
        error: null,
      };
      if (isOver) return stored ? undefined : void this.#pending.push(step);
      if (!stored) await this.#store(step, []);
      // In tests it leaves the function as well, and continues at once.
      throw this.sleep = new TaskSleep({ until: skipsSleeps ? now : until, startedAt, awakeMs });
    });
  }

  /** Runs one call; only one runs at a time. */
  async #call<T>(what: string, body: () => Promise<T>): Promise<T> {
    if (this.#current !== undefined) {
      throw new Error(
        `Cannot begin ${what}: ${this.#current} has not ended. Await one step before the next, ` +
          "and begin none within another",
      );
    }
    if (this.#execution.isStopped) throw this.#execution.signal.reason;
    if (this.#changed) throw this.#changed;
    this.#current = what;
    try {
      return await body();
    } finally {
      this.#current = undefined;
    }
  }

  /** The next call: what is stored of it, if it is. */
  async #next(kind: StoredStep["kind"], name: string): Promise<StoredStep | undefined> {
    const { environment: { batchSender }, id } = this.#execution;
    this.#stored ??= await readSteps(batchSender, id);
    const stored = this.#stored[this.#calls++];
    if (stored && (stored.kind !== kind || stored.name !== name)) {
      this.#calls--;
      throw this.#change(called({ kind, name }));
    }
    return stored;
  }

  /** The next call is another than the one that is stored. */
  #change(now: string): Error {
    const { id, name } = this.#execution;
    const number = this.#calls + 1;
    const was = called(this.#stored![this.#calls]!);
    return this.#changed = new Error(
      `Cannot continue task ${id} (${name}): step ${number} was ${was}, is ${now} now. ` +
        "Undo what has changed in its code, or begin a new run",
    );
  }

  async #work<Result>(name: string, work: () => Result | PromiseLike<Result>): Promise<Result> {
    const execution = this.#execution;
    const startedAt = isoNow();
    const step = (outcome: Pick<StoredStep, "result" | "error">): StoredStep => ({
      kind: "step",
      name,
      startedAt,
      finishedAt: isoNow(),
      ...outcome,
    });
    const outside = execution.part();
    try {
      const value = await work();
      const result = toResult(value, name);
      await execution.streaming;
      execution.checks?.throwIfFailed();
      const held = [...execution.held ?? [], ...execution.checks?.held ?? []];
      await this.#store(step({ result, error: null }), held);
      return (result === null ? undefined : JSON.parse(result)) as Result;
    } catch (thrown) {
      // What it writes after its end would belong to the task.
      await execution.streaming?.catch(() => {});
      writeChecks(execution, execution.environment);
      // A stop of the task is not an outcome of its step.
      if (!execution.isStopped) {
        this.#pending.push(step({ result: null, error: toText(thrown) }));
      }
      throw thrown;
    } finally {
      execution.join(outside);
    }
  }

  /** Stores a step with what it has held back, and what came before it. */
  async #store(step: StoredStep, held: readonly WriteMessage[]): Promise<void> {
    const execution = this.#execution;
    const { environment: { batchSender }, id } = execution;
    if (execution.sent) {
      // Once the step is stored it is not run again, so its rows come first.
      await batchSender.flushed();
      execution.sent = false;
    }
    execution.throwIfFailed();
    const steps = [...this.#pending, step];
    const message = toStepsMessage(execution, this.#stored!.length + 1, steps);
    if (held.length === 0) await batchSender.request(message);
    else {
      await batchSender.ready();
      await batchSender.request({ kind: "transaction", messages: [...held, message], by: id });
      if (held.some(({ kind }) => kind === "add_tasks")) execution.environment.adds?.added(id);
    }
    this.#stored!.push(...steps);
    this.#pending = [];
  }
}

/**
 * Runs a step of a task.
 *
 * @throws {Error} If the status of tasks is not stored, another step has not ended, or the code has changed
 */
export async function stepFromTask<Result>(
  execution: TaskExecution,
  name: string,
  work: () => Result | PromiseLike<Result>,
): Promise<Result> {
  execution.check("run a step");
  return await stepsOf(execution, "run a step").run(name, work);
}

/**
 * Has a task sleep.
 *
 * @throws {TaskSleep} Unless the sleep is over
 */
export async function sleepFromTask(
  execution: TaskExecution,
  duration: number | Date,
): Promise<void> {
  execution.check("sleep");
  await stepsOf(execution, "sleep").rest(duration);
}

function stepsOf(execution: TaskExecution, operation: string): TaskSteps {
  if (execution.environment.run === null) {
    throw new Error(`Cannot ${operation}: the status of tasks is not stored. Set storeTaskStatus`);
  }
  return (execution.steps ??= new TaskSteps(execution)) as TaskSteps;
}

/** A call as errors name it. */
function called({ kind, name }: Pick<StoredStep, "kind" | "name">): string {
  return kind === "sleep" ? "a sleep" : name;
}

/** When a sleep is over, in milliseconds since 1970. */
function toTime(duration: number | Date, now: number): number {
  const until = duration instanceof Date
    ? duration.getTime()
    : typeof duration === "number" && duration >= 0
    ? now + Math.ceil(duration)
    : NaN;
  if (until <= MAX_TIME) return until;
  const expected = "milliseconds ≥ 0 or a valid Date";
  throw new RangeError(unexpected(duration, { operation: "sleep", name: "its time", expected }));
}

/** What a stored step came to. */
function read({ result, error }: StoredStep): unknown {
  if (error !== null) throw fromErrorData(JSON.parse(error));
  return result === null ? undefined : JSON.parse(result);
}

/** What a step returned, as JSON; `null` for nothing. */
function toResult(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  const place = (path: string) => `the result of step ${Deno.inspect(name)}${path && ` (${path})`}`;
  return toJson(value, { place }) ?? null;
}

/** What a step threw, as JSON. */
function toText(thrown: unknown): string {
  const plain = (_: string, part: unknown) => typeof part === "bigint" ? String(part) : part;
  return JSON.stringify(toErrorData(thrown), plain);
}
