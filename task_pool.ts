/**
 * A pool of task Workers: tasks run in parallel, each Worker with its own port straight to the writer, so
 * that rows do not pass through the main thread.
 *
 * @module
 */
import { type ErrorData, fromErrorData, TaskWorkerDiedError, toErrorData } from "./errors.ts";
import type { TaskWorkerReply, TaskWorkerRequest } from "./messages.ts";
import type { IdentifiedItem } from "./task_feed.ts";
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
  /** Makes a port to the writer. */
  attach: () => MessagePort;
}

/** The Workers; each has a slot, and one that dies is replaced when its slot gets the next task. */
export class TaskPool implements Disposable {
  readonly #task: TaskModule;
  readonly #options: TaskPoolOptions;
  readonly #workers: TaskWorker[] = [];
  readonly #abort = () =>
    this.#workers.forEach((worker) => worker.abort(this.#options.signal.reason));

  private constructor(task: TaskModule, options: TaskPoolOptions) {
    this.#task = task;
    this.#options = options;
    options.signal.addEventListener("abort", this.#abort);
  }

  /**
   * Starts the Workers.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  static async start(task: TaskModule, size: number, options: TaskPoolOptions): Promise<TaskPool> {
    const pool = new TaskPool(task, options);
    const starts = Array.from({ length: size }, (_, slot) => pool.#start(slot));
    const failed = (await Promise.allSettled(starts)).find(({ status }) => status === "rejected");
    if (!failed) return pool;
    pool[Symbol.dispose]();
    throw (failed as PromiseRejectedResult).reason;
  }

  /** Runs a task in a slot. Resolves when the slot is free again, with a promise of the outcome. */
  async run(
    slot: number,
    task: IdentifiedItem<unknown>,
  ): Promise<{ pending: Promise<TaskOutcome> }> {
    if (this.#workers[slot]!.dead) await this.#start(slot);
    return await this.#workers[slot]!.run(task);
  }

  /** Resolves when everything that the tasks sent is committed. */
  async finish(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.finish()));
  }

  /** Ends the Workers. */
  [Symbol.dispose](): void {
    this.#options.signal.removeEventListener("abort", this.#abort);
    for (const worker of this.#workers) worker?.[Symbol.dispose]();
  }

  async #start(slot: number): Promise<void> {
    const worker = await TaskWorker.start(this.#task, this.#options);
    this.#workers[slot] = worker;
    if (this.#options.signal.aborted) this.#abort();
  }
}

/** One Worker, which runs one task at a time. */
class TaskWorker implements Disposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<TaskOutcome>>();
  #returned: PromiseWithResolvers<void> | undefined;
  #step: PromiseWithResolvers<void> = Promise.withResolvers();
  #failure: Error | undefined;
  #died = false;

  private constructor() {
    this.#worker = new Worker(new URL("./task_worker.ts", import.meta.url), {
      type: "module",
      name: "pipeloom-task",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<TaskWorkerReply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
  }

  /**
   * Starts a Worker and loads the task into it.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  static async start(
    { module, export: name = "default" }: TaskModule,
    { run, atomic, attach }: TaskPoolOptions,
  ): Promise<TaskWorker> {
    const worker = new TaskWorker();
    try {
      await worker.#next();
      const port = attach();
      worker.#post({ kind: "init", module: String(module), export: name, run, atomic, port }, [
        port,
      ]);
      await worker.#next();
      return worker;
    } catch (error) {
      worker[Symbol.dispose]();
      throw new Error(`Cannot load the task from ${module}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Whether the Worker has died. */
  get dead(): boolean {
    return this.#died;
  }

  /** Runs a task. Resolves when the Worker is free again, with a promise of the outcome. */
  async run(task: IdentifiedItem<unknown>): Promise<{ pending: Promise<TaskOutcome> }> {
    const { id, name, key, item } = task;
    try {
      this.#post({ kind: "run", id, name, key, item });
    } catch (error) {
      const message = `Cannot send the item of task ${id} (${name}) to a Worker: ` +
        `${(error as Error).message}; make it plain data, or run the tasks on this thread`;
      const refused = { name: "TypeError", message };
      return { pending: Promise.resolve({ status: "error", error: refused, unwritten: true }) };
    }
    const outcome = Promise.withResolvers<TaskOutcome>();
    this.#pending.set(id, outcome);
    this.#returned = Promise.withResolvers();
    await this.#returned.promise;
    return { pending: outcome.promise };
  }

  /** Tells the tasks that they are to stop. */
  abort(reason: unknown): void {
    if (!this.#died) this.#post({ kind: "abort", reason: toErrorData(reason) });
  }

  /** Resolves when everything that the tasks sent is committed. */
  async finish(): Promise<void> {
    if (this.#died) return;
    const finished = this.#next();
    this.#post({ kind: "finish" });
    await finished;
  }

  /** Ends the Worker. */
  [Symbol.dispose](): void {
    this.#died = true;
    this.#worker.terminate();
  }

  /** Waits for the Worker's next step: listening, initialized or finished. */
  async #next(): Promise<void> {
    await this.#step.promise;
    this.#step = Promise.withResolvers();
  }

  #receive(reply: TaskWorkerReply): void {
    switch (reply.kind) {
      case "listening":
      case "initialized":
      case "finished":
        return this.#step.resolve();
      case "returned":
        return this.#returned?.resolve();
      case "ended": {
        const { id, status, error } = reply;
        this.#pending.get(id)?.resolve({ status, error });
        this.#pending.delete(id);
        return;
      }
      case "failed":
        this.#failure ??= fromErrorData(reply.error);
        this.#step.promise.catch(() => {});
        return this.#step.reject(this.#failure);
      default: {
        const unknown: never = reply;
        this.#die(`it sent a reply of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  #post(request: TaskWorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #die(why: string): void {
    this.#died = true;
    this.#worker.terminate();
    const death = new TaskWorkerDiedError(
      `The task Worker died (${why}): what the task had sent may or may not be written`,
    );
    const error: ErrorData = toErrorData(death);
    for (const { resolve } of this.#pending.values()) {
      resolve({ status: "error", error, unwritten: true });
    }
    this.#pending.clear();
    this.#returned?.resolve();
    this.#step.promise.catch(() => {});
    this.#step.reject(death);
  }
}
