/**
 * One Worker of a pool as the main thread sees it: it runs one task at a time, and may die or be ended in the
 * middle of it.
 *
 * @module
 */
import { fromErrorData, TaskWorkerDiedError, toErrorData } from "../../errors.ts";
import type { RunTaskRequest, TaskWorkerReply, TaskWorkerRequest } from "./pool_protocol.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { StartOptions, TaskPoolOptions } from "./pool_options.ts";
import type { TaskModule } from "./task_module.ts";
import { UnflushedTasks } from "./unflushed_tasks.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** Numbers of Workers so far, by which the writer knows them. */
let senders = 0;

/** One Worker, which runs one task at a time. */
export class PooledWorker implements Disposable {
  readonly #options: TaskPoolOptions;
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<TaskOutcome>>();
  #returned: PromiseWithResolvers<void> | undefined;
  /** Who hears that the task has begun. */
  #begun: (() => void) | undefined;
  /** The step that is waited for: listening, initialized or finished. */
  #step: PromiseWithResolvers<void> = Promise.withResolvers();
  #loaded = false;
  #aborted = false;
  #notBegun = false;
  #death: Error | undefined;
  readonly #sender = ++senders;
  /** The task that has not returned yet. */
  #current: IdentifiedItem<unknown> | undefined;
  readonly #recent = new UnflushedTasks();
  #running: { -readonly [K in keyof RunningTask]: RunningTask[K] } | undefined;

  constructor(options: TaskPoolOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL("./task_worker.ts", import.meta.url), {
      type: "module",
      name: "pipeloom-task",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<TaskWorkerReply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(new Error(event.message));
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
  async load({ module, export: name = "default" }: TaskModule): Promise<void> {
    const { run, args, atomic, attach, watch: looksOn } = this.#options;
    try {
      await this.#next();
      const port = attach(this.#sender);
      const watch = looksOn && { prints: looksOn.prints };
      this.#post(
        { kind: "init", module: String(module), export: name, run, args, atomic, watch, port },
        [port],
      );
      await this.#next();
      this.#loaded = true;
    } catch (error) {
      this.#die(error as Error);
      throw new Error(`Cannot load the task from ${module}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /**
   * Runs a task. Resolves when the Worker is free again, with a promise of the outcome; or with `undefined`
   * when the Worker died of something else before it began.
   */
  async run(
    task: IdentifiedItem<unknown>,
    { attempt, sent, begun }: StartOptions = {},
  ): Promise<{ pending: Promise<TaskOutcome> } | undefined> {
    const { id, name, key, item } = task;
    if (this.#death) return this.lost();
    this.#recent.forgetSent();
    try {
      const request: RunTaskRequest = { kind: "run", id, name, key, item };
      if (attempt) request.attempt = attempt;
      if (begun) request.tell = true;
      this.#begun = begun;
      this.#post(request);
      sent?.();
    } catch (error) {
      const refusal = new TypeError(
        `Cannot send the item of task ${id} (${name}) to a Worker: ${(error as Error).message}; ` +
          `make it plain data, or run the tasks on this thread`,
      );
      return this.lost(refusal, "error");
    }
    const outcome = Promise.withResolvers<TaskOutcome>();
    this.#pending.set(id, outcome);
    this.#recent.add(task);
    this.#current = task;
    this.#returned = Promise.withResolvers();
    if (this.#options.watch) {
      this.#running = { id, name, key, fraction: undefined, note: undefined };
    }
    await this.#returned.promise;
    this.#running = undefined;
    this.#current = undefined;
    return this.#notBegun ? undefined : { pending: outcome.promise };
  }

  /** The outcome of a task that cannot write its end itself: one that never began, unless told. */
  lost(
    error: Error = this.#death!,
    status: EndStatus = this.#aborted ? "cancelled" : "error",
  ): { pending: Promise<TaskOutcome> } {
    const outcome = { status, error: toErrorData(error), unwritten: true, lost: true };
    return { pending: Promise.resolve(outcome) };
  }

  /** Tells the tasks that they are to stop; a Worker that is still loading is ended. */
  abort(reason: unknown): void {
    this.#aborted = true;
    if (this.#death) return;
    if (this.#loaded) this.#post({ kind: "abort", reason: toErrorData(reason) });
    else this.#die(reason);
  }

  /** Tells a task that its time is up. */
  timeOut(id: number, reason: Error): void {
    if (!this.#death) this.#post({ kind: "time_out", id, reason: toErrorData(reason) });
  }

  /** Tells a task to stop, and ends the Worker if it goes on. Returns whether the task is here. */
  cancel(id: number, reason: Error, graceMs: number): boolean {
    if (this.#death || !this.#pending.has(id)) return false;
    if (this.#current?.id !== id) return true;
    this.#post({ kind: "cancel", id, reason: toErrorData(reason) });
    const timer = setTimeout(() => {
      const text = `${reason.message}; its Worker was terminated`;
      this.terminate(id, new DOMException(text, "AbortError"), "cancelled");
    }, graceMs);
    this.#returned!.promise.then(() => clearTimeout(timer));
    return true;
  }

  /** Ends the Worker in the middle of a task, which ends with this error. */
  terminate(id: number, error: Error, status: EndStatus = "error"): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.resolve(this.lost(error, status).pending);
    this.#pending.delete(id);
    const done = this.#recent.done();
    this.#die(error);
    if (done.length > 0) this.#options.lose({ victim: { id, error }, done });
  }

  /** Resolves when everything that the tasks sent is committed, or the Worker has died. */
  async finish(): Promise<void> {
    if (this.#death) return;
    this.#post({ kind: "finish" });
    await this.#next().catch(() => {});
  }

  /** Ends the Worker. */
  [Symbol.dispose](): void {
    this.#die(new Error("It was ended"), this.#aborted ? "cancelled" : "error");
  }

  async #next(): Promise<void> {
    await this.#step.promise;
    // It may have died just when it had taken the step, and tells of no other.
    if (this.#death) throw this.#death;
    this.#step = Promise.withResolvers();
  }

  #receive(reply: TaskWorkerReply): void {
    switch (reply?.kind) {
      case "listening":
      case "initialized":
      case "finished":
        return this.#step.resolve();
      case "begun":
        return this.#begun?.();
      case "returned":
        return this.#returned?.resolve();
      case "ended": {
        const { id, status, error, unwritten } = reply;
        const outcome = { status, error };
        this.#pending.get(id)?.resolve(unwritten ? { ...outcome, unwritten } : outcome);
        this.#pending.delete(id);
        return this.#recent.end(id, status);
      }
      case "failed":
        // Every task that it began has ended by now.
        this.#notBegun = this.#pending.size > 0;
        this.#pending.clear();
        return this.#die(fromErrorData(reply.error));
      case "refused":
        return this.#options.giveUp(fromErrorData(reply.error));
      case "progressed":
        if (this.#running?.id === reply.id) {
          this.#running.fraction = reply.fraction;
          this.#running.note = reply.note;
        }
        return;
      case "logged":
        return this.#options.watch?.onLog(reply, reply.level, reply.message);
      case "printed":
        // The text may hold what `console` would take for a format.
        return console[reply.method]("%s", reply.text);
      default: {
        const unknown: never = reply;
        this.#die(new TypeError(`It sent a reply of unknown kind ${Deno.inspect(unknown)}`));
      }
    }
  }

  #post(request: TaskWorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  /** Ends the Worker; `status` is that of the task that runs on it. */
  #die(why: unknown, status: EndStatus = "error"): void {
    if (this.#death) return;
    const cause = fromErrorData(toErrorData(why));
    this.#death = new TaskWorkerDiedError(
      `The task Worker died (${cause.message}): what the task had sent may or may not be written`,
      { cause },
    );
    this.#worker.terminate();
    // A task that computes is not stopped by that before it waits, and what it sends meanwhile would arrive.
    if (this.#current) this.#options.cut(this.#sender);
    for (const { resolve } of this.#pending.values()) {
      resolve(this.lost(this.#death, status).pending);
    }
    this.#pending.clear();
    this.#returned?.resolve();
    this.#step.promise.catch(() => {});
    this.#step.reject(cause);
  }
}
