/**
 * The request that gives a Worker tasks: what it is made of, and the tasks in it.
 *
 * @module
 */
import type { OfferedTask } from "../executor.ts";
import type { TaskIdentity } from "../task_context.ts";
import type { RunTasksRequest, TaskExtras } from "./pool_protocol.ts";
import type { WorkerOptions } from "./pool_worker_options.ts";

/** A task that a Worker was given. */
export interface GivenTask extends TaskIdentity, TaskExtras {
  /** Its number on the board. */
  number: number;
  item: unknown;
  reportStart: boolean;
  /** Whether no other was given with it that follows. */
  isLast: boolean;
}

/** Makes the request. */
export function toRequest(
  tasks: readonly OfferedTask<unknown>[],
  first: number,
  options: WorkerOptions,
): RunTasksRequest {
  const request: RunTasksRequest = {
    kind: "run",
    first,
    ids: tasks.map(({ id }) => id),
    names: tasks.map(({ name }) => name),
    keys: tasks.map(({ key }) => key),
    items: tasks.map(({ item }) => item),
  };
  const { exports, environment: { isNeeded }, reportsStarts } = options;
  if (reportsStarts) request.reportStart = true;
  const mayHaveExtras = exports !== undefined || isNeeded !== undefined;
  if (mayHaveExtras || tasks.some(({ attempt, trace }) => attempt ?? trace)) {
    request.extras = tasks.map((task) => extrasOf(task, options));
  }
  return request;
}

function extrasOf(
  { id, stage, attempt, trace }: OfferedTask<unknown>,
  { exports, environment: { isNeeded } }: WorkerOptions,
): TaskExtras {
  const extras: TaskExtras = {};
  if (attempt) extras.attempt = attempt;
  if (exports) extras.stage = stage!;
  if (trace !== undefined) extras.trace = trace;
  if (isNeeded?.(id)) extras.isNeeded = true;
  return extras;
}

/** That the item of a task cannot be cloned. */
export function notSent({ id, name }: TaskIdentity, why: Error): TypeError {
  return new TypeError(
    `Cannot send the item of task ${id} (${name}) to a Worker: ${why.message}; ` +
      `make it plain data, or run the tasks on this thread`,
  );
}

/** The tasks of a request. */
export function* tasksOf(
  { first, ids, names, keys, items, extras, reportStart }: RunTasksRequest,
): Generator<GivenTask> {
  for (let i = 0; i < ids.length; i++) {
    yield {
      number: first + i,
      id: ids[i]!,
      name: names[i]!,
      key: keys[i]!,
      item: items[i],
      reportStart: reportStart === true,
      isLast: i === ids.length - 1,
      ...extras?.[i],
    };
  }
}
