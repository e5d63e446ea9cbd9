/**
 * The thread of one Worker of a pool, from its start to its end: it loads the module, finishes, and dies once.
 *
 * @module
 */
import { fromErrorData, TaskWorkerDiedError, toErrorData } from "../../../errors.ts";
import { whyNotStarted, withCacheAdvice, workerEntry } from "../../../internal/worker_entry.ts";
import type { TaskWorkerReply, TaskWorkerRequest } from "./pool_protocol.ts";
import { notLoaded, toInit, type WorkerOptions } from "./pool_worker_options.ts";
import { nextSender } from "./sender_numbers.ts";
import { tornDownInTime } from "./worker_setup.ts";

const ENTRY = workerEntry(
  new URL("./task_worker.ts", import.meta.url),
  () => import("./task_worker.ts"),
);

/** What the thread is for. */
export interface ThreadOptions {
  options: WorkerOptions;
  /** Where the Worker notes what became of its tasks. */
  board: SharedArrayBuffer;
  /** Receives what the Worker replies about its tasks. */
  receive: (reply: TaskWorkerReply) => void;
  /** The Worker failed by itself. */
  failed: (why: unknown) => void;
}

/** How a Worker ends. */
export interface Death<Task> {
  /** The task because of which it is ended. */
  victim?: Task;
  /** Whether a task has failed with it. */
  hasVictim?: boolean;
  /** How the tasks end that it has begun. */
  status?: "cancelled" | "error";
  /** Whether its tasks will not run elsewhere. */
  isOver?: boolean;
}

/** A Worker that is loaded, finishes, and dies once. */
export class WorkerThread {
  readonly #options: WorkerOptions;
  readonly #thread: ThreadOptions;
  readonly #worker: Worker;
  readonly #sender = nextSender();
  /** The step that is waited for: listening, initialized or finished. */
  #step: PromiseWithResolvers<void> = Promise.withResolvers();
  #isListening = false;
  #isLoaded = false;
  #isSettingUp = false;
  /** Whether its module has a `teardown()` to call. */
  #tearsDown = false;
  #death: Error | undefined;

  constructor(thread: ThreadOptions) {
    this.#thread = thread;
    this.#options = thread.options;
    this.#worker = new Worker(ENTRY, { type: "module", name: "pipeloom-task" });
    this.#worker.onmessage = ({ data }: MessageEvent<TaskWorkerReply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const { message } = event;
      thread.failed(new Error(this.#isListening ? message : whyNotStarted(ENTRY, message)));
    };
  }

  /** What the Worker died of. */
  get death(): Error | undefined {
    return this.#death;
  }

  /** Whether it takes tasks. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * Loads the task.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async load(): Promise<void> {
    const { failed, board } = this.#thread;
    const { module: { module } } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.#next();
      const port = this.#options.attach(this.#sender);
      this.post(toInit(this.#options, port, board), [port]);
      const { loadMs } = this.#options;
      timer = setTimeout(() => failed(notLoaded(loadMs, this.#isSettingUp)), loadMs);
      await this.#next();
      this.#isLoaded = true;
    } catch (error) {
      failed(error);
      const why = withCacheAdvice((error as Error).message, module);
      throw new Error(`Cannot load the task from ${module}: ${why}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when everything that the tasks sent is committed and the module torn down, or the Worker has died. */
  async finish(): Promise<void> {
    if (this.#death || !this.#isLoaded) return;
    this.post({ kind: "finish" });
    await this.#next().then(() => this.tearDown(), () => {});
  }

  /** Has the module let go of what its `setup()` made. */
  async tearDown(): Promise<void> {
    if (this.#death || !this.#tearsDown) return;
    this.#tearsDown = false;
    this.post({ kind: "tear_down" });
    await tornDownInTime(this.#next(), this.#options.module);
  }

  /** Posts a request. */
  post(request: TaskWorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  /** Ends the Worker, which may be in the middle of a task. Returns what its tasks die of. */
  end(why: unknown, isBusy: boolean): Error {
    const cause = fromErrorData(toErrorData(why));
    const death = this.#death = new TaskWorkerDiedError(
      `The task Worker died (${cause.message}): what the task had sent may or may not be written`,
      { cause },
    );
    this.#worker.terminate();
    // A task that computes is not stopped by that before it waits, and what it sends meanwhile would arrive.
    if (isBusy) this.#options.disconnect(this.#sender);
    this.#step.promise.catch(() => {});
    this.#step.reject(cause);
    return death;
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
      default:
        return this.#thread.receive(reply);
    }
  }
}
