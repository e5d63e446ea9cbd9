/**
 * A pool of task Workers: tasks run in parallel, each Worker with its own port straight to the writer, so
 * that rows do not pass through the main thread.
 *
 * @module
 */
import { fromErrorData, TaskWorkerDiedError, toErrorData } from "../errors.ts";
import type { LogLevel } from "../log_level.ts";
import type {
  RunTaskRequest,
  TaskWorkerReply,
  TaskWorkerRequest,
} from "../messages/task_worker.ts";
import { BATCH_MS } from "../sender/outbox.ts";
import type { Attempt } from "./retry_policy.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { TaskIdentity } from "./task_context.ts";
import type { IdentifiedItem } from "../queue/task_identity.ts";
import type { EndStatus } from "../task_run.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** A task function by the module that exports it, so that a Worker can load it. */
export interface TaskModule {
  /** URL of the module, such as `new URL("./tasks.ts", import.meta.url)`. */
  module: string | URL;
  /**
   * Name of the export.
   *
   * @default {"default"}
   */
  export?: string;
}

/** What the Workers of a pool share. */
export interface TaskPoolOptions {
  /** The run; `null` when the status of tasks is not stored. */
  run: number | null;
  /** Whether a task's rows are committed together with its end. */
  atomic: boolean;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
  /** Who looks on, if anybody does: hears what tasks log, and whether what they print passes through here. */
  watch?: TaskWatch;
  /** Makes a port to the writer, for a sender of this number. */
  attach: (sender: number) => MessagePort;
  /** Lets the writer take nothing more from that sender. */
  cut: (sender: number) => void;
  /** Finds out what became of tasks whose Worker was ended. */
  lose: (lost: LostTasks) => void;
  /** Hears that news of a task could not be written: a task's own failure is no reason to stop, this is. */
  giveUp: (error: Error) => void;
}

/** How the main thread looks on at tasks of a pool. */
export interface TaskWatch {
  /** Hears the lines that tasks write into their logs. */
  heard: (task: TaskIdentity, level: LogLevel, message: string) => void;
  /** Whether what they print is to be printed by the main thread. */
  prints: boolean;
}

/** Tasks of a Worker that was ended while another task ran on it. */
export interface LostTasks<Item = unknown> {
  /** The task for which it was ended, and why. */
  victim: { id: number; error: Error };
  /** Ended as `done`, and perhaps not committed. */
  done: IdentifiedItem<Item>[];
}

/** What a Worker is told of a start, and who hears of it. */
export interface StartOptions {
  /** Which attempt it is, where attempts are counted. */
  attempt?: Attempt;
  /** Called when it was sent to its Worker: its time begins. */
  sent?: () => void;
  /** Called when the Worker has begun with it. */
  begun?: () => void;
}

/** The Workers; each has a slot, and one that dies is replaced when its slot gets the next task. */
export class TaskPool implements Disposable {
  readonly #task: TaskModule;
  readonly #options: TaskPoolOptions;
  readonly #workers: TaskWorker[] = [];
  /** Tasks that are being given to a Worker, and why they are not to be any more. */
  readonly #given = new Map<number, Error | undefined>();
  readonly #abort = () =>
    this.#workers.forEach((worker) => worker.abort(this.#options.signal.reason));

  constructor(task: TaskModule, options: TaskPoolOptions) {
    this.#task = task;
    this.#options = options;
    options.signal.addEventListener("abort", this.#abort);
  }

  /**
   * Starts the Workers; there are fewer when the signal is aborted meanwhile.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async start(size: number): Promise<void> {
    await Promise.all(Array.from({ length: size }, (_, slot) => this.#start(slot)));
  }

  /** Runs a task in a slot. Resolves when the slot is free again, with a promise of the outcome. */
  async run(
    slot: number,
    task: IdentifiedItem<unknown>,
    start?: StartOptions,
  ): Promise<{ pending: Promise<TaskOutcome> }> {
    const begun = await this.#give(slot, task, start);
    if (begun) return begun;
    return await this.#give(slot, task, start) ?? this.#workers[slot]!.lost();
  }

  /**
   * Cancels a task: it is told, and its Worker is ended if it goes on for `graceMs`. Returns whether it is here at
   * all; one that has returned and waits for its commit is left alone.
   */
  cancel(id: number, reason: Error, graceMs: number): boolean {
    if (this.#given.has(id)) {
      this.#given.set(id, reason);
      return true;
    }
    return this.#workers.some((worker) => worker.cancel(id, reason, graceMs));
  }

  /** Tells the task in a slot that its time is up. */
  timeOut(slot: number, id: number, reason: Error): void {
    this.#workers[slot]?.timeOut(id, reason);
  }

  /** Ends the Worker of a slot in the middle of its task, which fails with this error. */
  terminate(slot: number, id: number, error: Error): void {
    this.#workers[slot]?.terminate(id, error);
  }

  /** The tasks that run at the moment; how far they are is known where somebody looks on. */
  *running(): Generator<RunningTask> {
    for (const { running } of this.#workers) {
      if (running) yield running;
    }
  }

  /** Resolves when everything that the tasks sent is committed. */
  async finish(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.finish()));
  }

  /** Ends the Workers; a task that still runs on one of them has failed. */
  [Symbol.dispose](): void {
    this.#options.signal.removeEventListener("abort", this.#abort);
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }

  async #give(
    slot: number,
    task: IdentifiedItem<unknown>,
    start?: StartOptions,
  ): Promise<{ pending: Promise<TaskOutcome> } | undefined> {
    this.#given.set(task.id, undefined);
    let worker: TaskWorker;
    let reason: Error | undefined;
    try {
      worker = await this.#alive(slot);
    } finally {
      reason = this.#given.get(task.id);
      this.#given.delete(task.id);
    }
    return reason ? worker.lost(reason, "cancelled") : await worker.run(task, start);
  }

  /** The Worker of a slot; a dead one is replaced, unless nothing more is to be started. */
  async #alive(slot: number): Promise<TaskWorker> {
    if (this.#workers[slot]!.death && !this.#options.signal.aborted) await this.#start(slot);
    return this.#workers[slot]!;
  }

  async #start(slot: number): Promise<void> {
    const { signal } = this.#options;
    const worker = this.#workers[slot] = new TaskWorker(this.#options);
    try {
      await worker.load(this.#task, this.#options);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) worker.abort(signal.reason);
  }
}

/** Numbers of Workers so far, by which the writer knows them. */
let senders = 0;

/** One Worker, which runs one task at a time. */
class TaskWorker implements Disposable {
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
  readonly #watch: TaskWatch | undefined;
  readonly #lose: TaskPoolOptions["lose"];
  readonly #cut: TaskPoolOptions["cut"];
  readonly #sender = ++senders;
  readonly #giveUp: TaskPoolOptions["giveUp"];
  /** The task that has not returned yet. */
  #current: IdentifiedItem<unknown> | undefined;
  /** Tasks that have not ended, and those that ended as `done` of late: their end may not have been sent. */
  readonly #recent = new Map<number, { task: IdentifiedItem<unknown>; endedAt: number }>();
  #running: { -readonly [K in keyof RunningTask]: RunningTask[K] } | undefined;

  constructor({ watch, lose, cut, giveUp }: TaskPoolOptions) {
    this.#watch = watch;
    this.#lose = lose;
    this.#cut = cut;
    this.#giveUp = giveUp;
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
  async load(
    { module, export: name = "default" }: TaskModule,
    { run, atomic, attach }: TaskPoolOptions,
  ): Promise<void> {
    try {
      await this.#next();
      const port = attach(this.#sender);
      const watch = this.#watch && { prints: this.#watch.prints };
      this.#post(
        { kind: "init", module: String(module), export: name, run, atomic, watch, port },
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
    this.#forgetSent();
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
    this.#recent.set(id, { task, endedAt: Infinity });
    this.#current = task;
    this.#returned = Promise.withResolvers();
    if (this.#watch) this.#running = { id, name, key, fraction: undefined, note: undefined };
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
    const done = [...this.#recent.values()].filter(({ endedAt }) => endedAt < Infinity);
    this.#die(error);
    if (done.length > 0) this.#lose({ victim: { id, error }, done: done.map(({ task }) => task) });
  }

  /** What ended before the Worker gets its next task was sent by then, unless it was just before. */
  #forgetSent(): void {
    const late = performance.now() - BATCH_MS;
    for (const [id, { endedAt }] of this.#recent) {
      if (endedAt < late) this.#recent.delete(id);
      else if (endedAt < Infinity) return;
    }
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
        const begun = this.#recent.get(id);
        if (begun && status === "done") begun.endedAt = performance.now();
        else this.#recent.delete(id);
        return;
      }
      case "failed":
        // Every task that it began has ended by now.
        this.#notBegun = this.#pending.size > 0;
        this.#pending.clear();
        return this.#die(fromErrorData(reply.error));
      case "refused":
        return this.#giveUp(fromErrorData(reply.error));
      case "progressed":
        if (this.#running?.id === reply.id) {
          this.#running.fraction = reply.fraction;
          this.#running.note = reply.note;
        }
        return;
      case "logged":
        return this.#watch?.heard(reply, reply.level, reply.message);
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
    if (this.#current) this.#cut(this.#sender);
    for (const { resolve } of this.#pending.values()) {
      resolve(this.lost(this.#death, status).pending);
    }
    this.#pending.clear();
    this.#returned?.resolve();
    this.#step.promise.catch(() => {});
    this.#step.reject(cause);
  }
}
