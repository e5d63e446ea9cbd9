/**
 * One Worker of a pool as the main thread sees it: it runs one task at a time, and may die or be ended in the
 * middle of it.
 *
 * @module
 */
import { fromErrorData, TaskWorkerDiedError, toErrorData } from "../../../errors.ts";
import type { EndStatus } from "../../../internal/task_status.ts";
import { whyNotStarted, withCacheAdvice, workerEntry } from "../../../internal/worker_entry.ts";
import { TransientMap } from "../../../internal/transient_map.ts";
import type { RunningTask } from "../../observers/run_observer.ts";
import { timeAttempt } from "../attempt_timer.ts";
import { type ExecutorEvents, lostOutcome, type OfferedTask } from "../executor.ts";
import type {
  IdentifyItems,
  RunTaskRequest,
  TaskWorkerReply,
  TaskWorkerRequest,
} from "./pool_protocol.ts";
import { notLoaded, toInit, type WorkerOptions } from "./pool_worker_options.ts";
import { nextSender } from "./sender_numbers.ts";
import type { TaskOutcome } from "../task_runner.ts";
import { UnsentEnds } from "./unsent_ends.ts";
import { tornDownInTime } from "./worker_setup.ts";

const ENTRY = workerEntry(
  new URL("./task_worker.ts", import.meta.url),
  () => import("./task_worker.ts"),
);

/** One Worker, which runs one task at a time. */
export class PooledWorker<Item> implements Disposable {
  readonly #options: WorkerOptions;
  readonly #events: ExecutorEvents<Item>;
  readonly #worker: Worker;
  readonly #sender = nextSender();
  /** The step that is waited for: listening, initialized or finished. */
  #step: PromiseWithResolvers<void> = Promise.withResolvers();
  #isListening = false;
  #isLoaded = false;
  #isSettingUp = false;
  /** Whether its module has a `teardown()` to call. */
  #tearsDown = false;
  #isAborted = false;
  #death: Error | undefined;
  /** Tasks that have not ended, and the one among them that has not returned. */
  readonly #pending = new TransientMap<number, OfferedTask<Item>>();
  #current: OfferedTask<Item> | undefined;
  #returned: PromiseWithResolvers<void> | undefined;
  #running: { -readonly [K in keyof RunningTask]: RunningTask[K] } | undefined;
  readonly #unsent = new UnsentEnds<Item>();

  constructor(options: WorkerOptions, events: ExecutorEvents<Item>) {
    this.#options = options;
    this.#events = events;
    this.#worker = new Worker(ENTRY, { type: "module", name: "pipeloom-task" });
    this.#worker.onmessage = ({ data }: MessageEvent<TaskWorkerReply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const { message } = event;
      this.#die(new Error(this.#isListening ? message : whyNotStarted(ENTRY, message)));
    };
  }

  /** The task that has not returned yet. */
  get running(): RunningTask | undefined {
    return this.#running;
  }

  /** What the Worker died of. */
  get death(): Error | undefined {
    return this.#death;
  }

  /**
   * Loads the task.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async load(): Promise<void> {
    const { module: { module } } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.#next();
      const port = this.#options.attach(this.#sender);
      this.#post(toInit(this.#options, port), [port]);
      const { loadMs } = this.#options;
      timer = setTimeout(() => this.#die(notLoaded(loadMs, this.#isSettingUp)), loadMs);
      await this.#next();
      this.#isLoaded = true;
    } catch (error) {
      this.#die(error as Error);
      const why = withCacheAdvice((error as Error).message, module);
      throw new Error(`Cannot load the task from ${module}: ${why}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs a task. Resolves when the Worker is free again. */
  async run(task: OfferedTask<Item>): Promise<void> {
    const { id, name, key, item, attempt } = task;
    if (this.#death) return this.#events.ended(task, this.#lost());
    this.#unsent.forgetSent();
    try {
      const request: RunTaskRequest = { kind: "run", id, name, key, item };
      if (attempt) request.attempt = attempt;
      if (this.#options.exports) request.stage = task.stage!;
      if (task.trace !== undefined) request.trace = task.trace;
      if (this.#options.environment.isNeeded?.(id)) request.isNeeded = true;
      if (this.#options.reportsStarts) request.reportStart = true;
      this.#post(request);
    } catch (error) {
      const refusal = new TypeError(
        `Cannot send the item of task ${id} (${name}) to a Worker: ${(error as Error).message}; ` +
          `make it plain data, or run the tasks on this thread`,
      );
      return this.#events.ended(task, this.#lost(refusal, "error"));
    }
    this.#pending.set(id, task);
    this.#current = task;
    this.#returned = Promise.withResolvers();
    const { environment, graceMs } = this.#options;
    if (environment.onLog) {
      this.#running = { id, name, key, fraction: undefined, note: undefined };
    }
    using _ = timeAttempt(task, environment, {
      notify: (reason) => {
        if (!this.#death) this.#post({ kind: "time_out", id, reason: toErrorData(reason) });
      },
      end: { afterMs: graceMs, run: (error) => this.#terminate(task, error, "error") },
    });
    await this.#returned.promise;
    this.#running = undefined;
    this.#current = undefined;
  }

  /** Asks the tasks to stop; a Worker that is still loading is ended. */
  abort(reason: unknown): void {
    this.#isAborted = true;
    if (this.#death) return;
    if (this.#isLoaded) this.#post({ kind: "abort", reason: toErrorData(reason) });
    else this.#die(reason);
  }

  /** Asks a task to stop, and ends the Worker if it continues; one that has returned is left alone. */
  cancel(id: number, reason: Error): void {
    const task = this.#current;
    if (this.#death || task?.id !== id) return;
    this.#post({ kind: "cancel", id, reason: toErrorData(reason) });
    const timer = setTimeout(() => {
      const text = `${reason.message}; its Worker was terminated`;
      this.#terminate(task, new DOMException(text, "AbortError"), "cancelled");
    }, this.#options.graceMs);
    this.#returned!.promise.then(() => clearTimeout(timer));
  }

  /** Resolves when everything that the tasks sent is committed and the module torn down, or the Worker has died. */
  async finish(): Promise<void> {
    if (this.#death || !this.#isLoaded) return;
    this.#post({ kind: "finish" });
    await this.#next().then(() => this.tearDown(), () => {});
  }

  /** Has the module let go of what its `setup()` made, unless a task runs. */
  async tearDown(): Promise<void> {
    if (this.#death || !this.#tearsDown || this.#current) return;
    this.#tearsDown = false;
    this.#post({ kind: "tear_down" });
    await tornDownInTime(this.#next(), this.#options.module);
  }

  /** Ends the Worker. */
  [Symbol.dispose](): void {
    this.#die(new Error("It was ended"), { status: this.#isAborted ? "cancelled" : "error" });
  }

  async #next(): Promise<void> {
    await this.#step.promise;
    // It may have died just after taking the step, and then reports no other.
    if (this.#death) throw this.#death;
    this.#step = Promise.withResolvers();
  }

  #receive(reply: TaskWorkerReply): void {
    switch (reply?.kind) {
      case "listening":
        this.#isListening = true;
        return this.#step.resolve();
      case "setting_up":
        return void (this.#isSettingUp = true);
      case "initialized":
        this.#tearsDown = reply.tearsDown;
        return this.#step.resolve();
      case "finished":
      case "torn_down":
        return this.#step.resolve();
      case "begun":
        return this.#current && this.#events.started(this.#current);
      case "returned":
        return this.#returned?.resolve();
      case "ended": {
        const { id, status, error, result, unwritten } = reply;
        const task = this.#pending.get(id);
        if (!task) return;
        this.#pending.delete(id);
        this.#options.environment.deadline?.releaseTask(id);
        if (status === "done") this.#unsent.add(task);
        const outcome = result === undefined ? { status, error } : { status, error, result };
        return this.#events.ended(task, unwritten ? { ...outcome, unwritten } : outcome);
      }
      case "failed":
        return this.#fail(fromErrorData(reply.error));
      case "refused":
        return this.#events.failed(fromErrorData(reply.error));
      case "progressed":
        if (this.#running?.id !== reply.id) return;
        this.#running.fraction = reply.fraction;
        return void (this.#running.note = reply.note);
      case "logged":
        return this.#options.environment.onLog?.(reply, reply.level, reply.message);
      case "added":
        return this.#options.environment.adds?.added(reply.id);
      case "identify":
        return void this.#identify(reply);
      case "printed":
        // The text may hold what `console` would take for a format.
        return console[reply.method]("%s", reply.text);
      default: {
        const unknown: never = reply;
        this.#die(new TypeError(`It sent a reply of unknown kind ${Deno.inspect(unknown)}`));
      }
    }
  }

  async #identify({ question, items }: IdentifyItems): Promise<void> {
    const { adds } = this.#options.environment;
    const answer = await Promise.try(() => adds!.identify(items)).then(
      (identities) => ({ identities }),
      (thrown) => ({ error: toErrorData(thrown) }),
    );
    if (!this.#death) this.#post({ kind: "identified", question, ...answer });
  }

  #post(request: TaskWorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  /** The outcome of a task that cannot write its end itself. */
  #lost(
    error: Error = this.#death!,
    status: EndStatus = this.#isAborted ? "cancelled" : "error",
  ): TaskOutcome {
    return lostOutcome(toErrorData(error), status as "cancelled" | "error");
  }

  /** The Worker failed, after every task that it began has ended. */
  #fail(why: Error): void {
    const unstarted = [...this.#pending.values()];
    this.#pending.clear();
    this.#die(why);
    for (const task of unstarted) this.#events.lost(task, this.#lost());
  }

  /** Ends the Worker in the middle of a task, which ends with this error. */
  #terminate(task: OfferedTask<Item>, error: Error, status: EndStatus): void {
    if (this.#pending.get(task.id) !== task) return;
    const orphans = this.#unsent.tasks;
    this.#die(error, { victim: task, status });
    const why = `Its Worker was ended for task ${task.id} (${error.message})`;
    if (orphans.length > 0) this.#events.orphaned(orphans, why);
  }

  /** Ends the Worker; `status` is that of the task that runs on it, or only of the victim where there is one. */
  #die(
    why: unknown,
    { victim, status = "error" }: { victim?: OfferedTask<Item>; status?: EndStatus } = {},
  ): void {
    if (this.#death) return;
    const cause = fromErrorData(toErrorData(why));
    const death = this.#death = new TaskWorkerDiedError(
      `The task Worker died (${cause.message}): what the task had sent may or may not be written`,
      { cause },
    );
    this.#worker.terminate();
    // A task that computes is not stopped by that before it waits, and what it sends meanwhile would arrive.
    if (this.#current) this.#options.disconnect(this.#sender);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const task of pending) {
      const outcome = task === victim
        ? this.#lost(why as Error, status)
        : this.#lost(death, victim ? "error" : status);
      this.#events.ended(task, outcome);
    }
    this.#returned?.resolve();
    this.#step.promise.catch(() => {});
    this.#step.reject(cause);
  }
}
