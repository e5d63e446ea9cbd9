/**
 * Which task has left behind a promise that rejects and that nothing awaits. It may have returned long before, while
 * another task runs, which is not to blame.
 *
 * The runtime's own context manager keeps it, the one of OpenTelemetry: `AsyncLocalStorage` takes 10 ms of each Worker's
 * start. A context costs a task a microsecond, so functions that never return a promise run without one after the first
 * thousand tasks. Nothing else runs while such a task does, so none is blamed for another.
 *
 * Of what a timer throws this is not known: the runtime reports it outside of the context in which the timer was set.
 *
 * @module
 */
import { toErrorData } from "../../../errors.ts";
import { toErrorText } from "../../../internal/error_text.ts";
import type { TaskContext } from "../task_context.ts";
import { logTask, type TaskExecution } from "../task_execution.ts";
import type { TaskFunction } from "../task_module.ts";
import { isStopped } from "../task_runner.ts";

/** What OpenTelemetry calls a context, as far as it is used here. */
interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}

/** The runtime's; its types are those of OpenTelemetry, which need not be there. */
interface ContextManager {
  active(): Context;
  with<A extends unknown[], R>(
    context: Context,
    body: (...args: A) => R,
    self?: unknown,
    ...args: A
  ): R;
}

/** Tasks that each Worker runs with a context, even if none of them waits. */
const FIRST_TASKS = 1_000;

const TASK = Symbol("pipeloom task");

const manager = (Deno.telemetry as { contextManager?: ContextManager } | undefined)?.contextManager;

/** Tasks that still run with a context. */
let left = manager ? FIRST_TASKS : 0;

/** A context with its task: `setValue()` of its parent would copy all that this has. */
class Origin implements Context {
  readonly #task: TaskExecution;
  readonly #parent: Context;

  constructor(task: TaskExecution, parent: Context) {
    this.#task = task;
    this.#parent = parent;
  }

  getValue(key: symbol): unknown {
    return key === TASK ? this.#task : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#parent.setValue(TASK, this.#task).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#parent.setValue(TASK, this.#task).deleteValue(key);
  }
}

/** The function of a task, such that what it leaves behind is known to be the task's. */
export function attributed<Item>(run: TaskFunction<Item>, task: TaskExecution): TaskFunction<Item> {
  if (left === 0) return run;
  left--;
  return (item: Item, handle: TaskContext) => {
    const returned = manager!.with(
      new Origin(task, manager!.active()),
      run,
      undefined,
      item,
      handle,
    );
    // Where one of them waits, others may run meanwhile.
    if (returned instanceof Promise) left = Infinity;
    return returned;
  };
}

/**
 * Whether the promise that has just been rejected is of a task that does not run any more. It cannot fail any more
 * either, so the error is logged by its name, unless the task was stopped with it.
 */
export function isLeftBehind(reason: unknown, running: TaskExecution | undefined): boolean {
  const task = manager?.active().getValue(TASK) as TaskExecution | undefined;
  if (!task || (task === running && !task.ended)) return false;
  const { id, name, environment } = task;
  if (isStopped(reason, task, environment)) return true;
  const text = "It left behind a promise that was rejected: await each promise within its task";
  const message = `${text}. ${toErrorText(toErrorData(reason))}`;
  console.warn(`Task ${id} (${name}): ${message}`);
  logTask(task, environment, { message, level: "error" });
  return true;
}
