/**
 * The entry of a task Worker: runs one task at a time and sends what the tasks write straight to the
 * writer, over a port of its own. Nobody imports this file, `task_pool.ts` starts it by its URL.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "./errors.ts";
import type { InitTaskWorker, TaskWorkerReply, TaskWorkerRequest } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { TaskContext, type TaskEnvironment } from "./task_context.ts";
import { runTask, type TaskFunction, type TaskOutcome } from "./task_runner.ts";

const worker = self as unknown as {
  onmessage: (event: MessageEvent<TaskWorkerRequest>) => void;
  postMessage(reply: TaskWorkerReply): void;
};

const controller = new AbortController();
const tasks = new Map<number, TaskContext>();
let run: TaskFunction<unknown>;
let environment: TaskEnvironment;

async function init(request: InitTaskWorker): Promise<void> {
  const module = await import(request.module) as Record<string, unknown>;
  const exported = module[request.export];
  if (typeof exported !== "function") {
    throw new TypeError(
      `Cannot run tasks with ${request.module}: its export ${Deno.inspect(request.export)} is ` +
        `${exported === undefined ? "missing" : "not a function"}`,
    );
  }
  run = exported as TaskFunction<unknown>;
  const outbox = new Outbox(request.port, (error, message) => {
    const task = "task" in message ? tasks.get(message.task!) : undefined;
    if (task) task.fail(error);
    else worker.postMessage({ kind: "failed", error });
  });
  environment = {
    run: request.run,
    outbox,
    atomic: request.atomic,
    signal: controller.signal,
  };
}

async function handle(request: TaskWorkerRequest): Promise<void> {
  switch (request.kind) {
    case "init":
      await init(request);
      return worker.postMessage({ kind: "initialized" });
    case "run": {
      const task = new TaskContext(request, environment);
      tasks.set(task.id, task);
      const outcome = await runTask(run, request.item, task, environment);
      worker.postMessage({ kind: "returned", id: task.id });
      ended(task.id, "pending" in outcome ? await outcome.pending : outcome);
      return;
    }
    case "abort":
      return controller.abort(fromErrorData(request.reason));
    case "finish":
      await environment.outbox.drained();
      return worker.postMessage({ kind: "finished" });
    default: {
      const unknown: never = request;
      throw new TypeError(`Cannot handle a request of unknown kind ${Deno.inspect(unknown)}`);
    }
  }
}

function ended(id: number, { status, error }: TaskOutcome): void {
  tasks.delete(id);
  worker.postMessage({ kind: "ended", id, status, error });
}

worker.onmessage = async ({ data }) => {
  try {
    await handle(data);
  } catch (error) {
    worker.postMessage({ kind: "failed", error: toErrorData(error) });
  }
};
worker.postMessage({ kind: "listening" });
