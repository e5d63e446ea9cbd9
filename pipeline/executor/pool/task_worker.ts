/**
 * The entry of a task Worker: runs one task at a time and sends what the tasks write straight to the
 * writer, over a port of its own. No module imports this file; `pool_worker.ts` starts it by its URL.
 *
 * What is thrown behind a task's back, in a timer or an unawaited promise, would end the Worker together with what
 * it has not sent yet. It is caught here: the task that runs ends as `error`, unless another one has left the promise
 * behind; what was sent is committed, then the pool is notified and replaces the Worker. A task cannot end its Worker
 * itself, which would happen in silence, nor post messages, which would be taken for ours.
 *
 * @module
 */
import { type ErrorData, fromErrorData, toErrorData } from "../../../errors.ts";
import { toErrorSummary, toErrorText } from "../../../internal/error_text.ts";
import type {
  CancelTaskRequest,
  InitTaskWorker,
  TaskWorkerReply,
  TaskWorkerRequest,
  TimeOutTaskRequest,
} from "./pool_protocol.ts";
import { abridgedError } from "../abridged_error.ts";
import { committed } from "./committed.ts";
import { TransientMap } from "../../../internal/transient_map.ts";
import { BatchSender } from "../../../writer/client/batch_sender.ts";
import { MainThreadQuestions } from "./main_thread_questions.ts";
import { functionsOf, WorkerSetup } from "./worker_setup.ts";
import { type TaskEnvironment, TaskExecution } from "../task_execution.ts";
import { type GivenTask, tasksOf } from "./run_request.ts";
import { TaskBoard } from "./task_board.ts";
import { attributed, isLeftBehind } from "./task_origin.ts";
import { TaskReports } from "./task_reports.ts";
import { isStopped, runTask, type TaskOutcome, writeFailure } from "../task_runner.ts";
import type { TaskFunction } from "../task_module.ts";

const worker = self as unknown as Record<"close" | "postMessage", (reply: TaskWorkerReply) => void>;
const reply = worker.postMessage.bind(worker);

const controller = new AbortController();
/** Tasks that have returned and not ended, each with its end. */
const tasks = new TransientMap<number, { task: TaskExecution; end: Promise<void> }>();
/** The functions that tasks run, by their stages; `""` where there are none. */
let functions: ReadonlyMap<string, TaskFunction<unknown>>;
let environment: TaskEnvironment | undefined;
/** What its module makes for it. */
let setup: WorkerSetup | undefined;
/** Where it notes what became of its tasks, and by which messages. */
let board: TaskBoard | undefined;
let reports: TaskReports | undefined;
/** Tasks that it was given; those before `next` have had their turn. */
let given: GivenTask[] = [];
let next = 0;
let isRunning = false;
/** The task that has not returned yet, and its number on the board. */
let running: TaskExecution | undefined;
let runningNumber = -1;
/** The task that was ended because the Worker failed. */
let victim: TaskExecution | undefined;
/** Where OpenTelemetry keeps its providers. */
const OPENTELEMETRY = Symbol.for("opentelemetry.js.api.1");
/** Milliseconds after which tasks that never wait make way for messages and timers. */
const YIELD_MS = 4;
/** Characters of a message of which several copies are made: its task is done with before the next one runs. */
const LARGE_ERROR = 100_000;
/** The last request to stop a task, which may have come before it began. */
let stopRequest: TimeOutTaskRequest | CancelTaskRequest | undefined;
let failed = false;
const questions = new MainThreadQuestions(reply);

async function fail(thrown: unknown): Promise<void> {
  if (failed) return;
  failed = true;
  const cause = toErrorData(thrown);
  const error: ErrorData = {
    name: "TaskWorkerDiedError",
    message: `The task's Worker died of an error that no task caught: ${toErrorSummary(cause)}`,
    cause,
  };
  const stopped = environment && isStopped(thrown, running, environment);
  const status = stopped ? "cancelled" : "error";
  // A task that has returned and waits for its commit is not to blame, nor can it fail any more.
  victim = running?.ended ? undefined : running;
  try {
    if (!running && environment) {
      console.warn(
        "A task Worker is replaced for an error that no task caught:",
        toErrorText(cause),
      );
    }
    if (victim && !victim.retryable) writeFailure(victim.id, { status, error }, environment!);
    victim?.abandon(error);
    // Tasks that have returned first report their ends; one that was refused then writes its end.
    await Promise.allSettled([...tasks.values()].map(({ task, end }) => task === victim || end));
    await environment?.batchSender.flushed();
    if (environment) await setup?.tearDownInTime();
  } finally {
    if (victim) {
      reports!.returned(runningNumber);
      ended(victim.id, { status, error, unwritten: victim.retryable });
    }
    const hasVictim = victim !== undefined;
    reply({ kind: "failed", error: toErrorData(thrown), hasVictim, ...reports?.take() });
  }
}

function refuse(): never {
  throw new Error("Cannot end a task's Worker or post its messages: return a value, or throw");
}

async function init(request: InitTaskWorker): Promise<boolean> {
  const module = await import(request.module) as Record<string, unknown>;
  functions = functionsOf(module, request);
  const made = setup = new WorkerSetup(module, Object.values(request.exports));
  if (made.hasSetup) reply({ kind: "setting_up" });
  const worker = await made.setUp({ args: request.args ?? {}, runId: request.run });
  const batchSender = new BatchSender(request.port, (error, task) => {
    if (task === undefined) reply({ kind: "refused", error });
    else executionOf(task)?.fail(error);
  }, {
    window: request.window,
    opens: request.queuesLate ? () => questions.queueAll() : undefined,
  });
  board = new TaskBoard(request.board);
  reports = new TaskReports(board, reply);
  environment = {
    run: request.run,
    args: request.args,
    batchSender,
    atomic: request.atomic,
    confirms: request.confirms,
    keepsResults: request.keepsResults,
    skipsSleeps: request.skipsSleeps,
    signal: controller.signal,
    worker,
    isTerminable: true,
    adds: questions.adds(request.asksIdentity),
  };
  if (request.watch) {
    const watching = await import("./task_observer.ts");
    Object.assign(environment, watching.watchTasks(reply, request.watch));
  }
  return made.hasTeardown;
}

async function handle(request: TaskWorkerRequest): Promise<void> {
  switch (request.kind) {
    case "init":
      return reply({ kind: "initialized", tearsDown: await init(request) });
    case "run":
      for (const task of tasksOf(request)) {
        // A request from when it ran before is obsolete.
        if (stopRequest?.id === task.id) stopRequest = undefined;
        given.push(task);
      }
      if (!isRunning) await runGiven();
      return;
    case "identified":
      return questions.answered(request);
    case "queued":
      return questions.queued();
    case "abort":
      controller.abort(fromErrorData(request.reason));
      running?.abort(controller.signal.reason);
      for (const { task } of tasks.values()) task.abort(controller.signal.reason);
      return;
    case "time_out":
    case "cancel": {
      stopRequest = request;
      const begun = executionOf(request.id);
      return begun && stop(begun, request);
    }
    case "finish":
      await environment!.batchSender.flushed();
      // The writer, which may outlive the pool, would keep the port.
      environment!.batchSender.close();
      return reply({ kind: "finished" });
    case "tear_down":
      await setup!.tearDown();
      return reply({ kind: "torn_down" });
    default: {
      const unknown: never = request;
      throw new TypeError(`Cannot handle a request of unknown kind ${Deno.inspect(unknown)}`);
    }
  }
}

/** The attempt at a task that has not ended. */
function executionOf(id: number): TaskExecution | undefined {
  return running?.id === id ? running : tasks.get(id)?.task;
}

function stop(task: TaskExecution, { kind, reason }: TimeOutTaskRequest | CancelTaskRequest): void {
  if (kind === "cancel") task.cancel(fromErrorData(reason));
  else task.timeOut(fromErrorData(reason));
}

/** Runs the tasks that were given, one after the other. */
async function runGiven(): Promise<void> {
  isRunning = true;
  let yieldedAt = Date.now();
  for (let task = given[next]; task; task = given[next]) {
    if (++next === given.length) [given, next] = [[], 0];
    // From here on it may be ended in the middle.
    environment!.batchSender.flushLate();
    if (questions.queueing) await questions.queueing;
    if (task.attempt?.timeoutMs !== undefined) await settled();
    if (failed) return;
    const begunAt = Date.now();
    const mayThrow = board!.begin(task.number, begunAt) && await run(task);
    reports!.sendLate(task.isLast);
    // What the task has left behind is thrown before another one would be blamed for it.
    if (mayThrow || Math.abs(begunAt - yieldedAt) > YIELD_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      yieldedAt = Date.now();
    }
    if (failed) return;
  }
  isRunning = false;
}

/** Runs a task until it has returned. Resolves with whether what it began may continue without it. */
async function run(request: GivenTask): Promise<boolean> {
  const { batchSender, run, confirms, keepsResults } = environment!;
  const task = running = new TaskExecution(request, environment!, request.attempt);
  runningNumber = request.number;
  if (stopRequest?.id === task.id) stop(task, stopRequest);
  if (request.reportStart) reply({ kind: "begun", number: request.number });
  const outcome = await work(request, task);
  if (task === victim) return false;
  const leaves = "status" in outcome && outcome.status === "done" && !request.isNeeded && !confirms;
  const news = leaves && run !== null ? batchSender.withdraw(task.id) : undefined;
  if (news || (leaves && run === null && !keepsResults)) {
    running = undefined;
    reports!.done(request.number, news);
  } else {
    const returned = Promise.withResolvers<void>();
    const end = runToEnd(task, request, outcome, returned.resolve);
    tasks.set(task.id, { task, end });
    await returned.promise;
  }
  return task.waited;
}

function work(request: GivenTask, task: TaskExecution): ReturnType<typeof runTask> {
  const { item, stage = "", trace } = request;
  const start = () => runTask(attributed(functions.get(stage)!, task), item, task, environment!);
  const isTraced = trace !== undefined && OPENTELEMETRY in globalThis;
  if (!isTraced) return start();
  return import("../task_trace.ts").then(({ runTraced }) => runTraced(trace, task, start));
}

async function runToEnd(
  task: TaskExecution,
  { number, isNeeded }: GivenTask,
  outcome: Awaited<ReturnType<typeof runTask>>,
  returned: () => void,
): Promise<void> {
  const { batchSender, confirms } = environment!;
  // What it has sent, and a large result or error, has to be on its way before the next one runs.
  const isLarge = "error" in outcome && (outcome.error?.message.length ?? 0) > LARGE_ERROR;
  await (isLarge ? batchSender.flushed() : batchSender.ready())?.catch(() => {});
  if (task === victim) return returned();
  // The next task may block this thread for as long as it computes.
  if (isNeeded) batchSender.flushNow();
  running = undefined;
  if (!failed) reports!.returned(number);
  returned();
  const end = "pending" in outcome ? await outcome.pending : outcome;
  // What follows is written by the main thread, on a port of its own: the task may be run again.
  if (end.status !== "done") await batchSender.flushed();
  else if (confirms) await committed(batchSender);
  ended(task.id, end);
}

/** Resolves when everything before is committed and reported: what follows may be ended in the middle. */
async function settled(): Promise<void> {
  await Promise.allSettled([...tasks.values()].map(({ end }) => end));
  await environment!.batchSender.flushed();
}

function ended(id: number, { status, error, result, unwritten }: TaskOutcome): void {
  tasks.delete(id);
  // What is not written here is written by the main thread, as a whole.
  const sent = error && !unwritten ? abridgedError(error) : error;
  reports!.ended({ id, status, error: sent, result, unwritten });
}

worker.close = worker.postMessage = Deno.exit = refuse;
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  if (!isLeftBehind(event.reason, running)) fail(event.reason);
});
addEventListener("message", (event) => {
  handle((event as MessageEvent<TaskWorkerRequest>).data).catch(fail);
});
reply({ kind: "listening" });
