/**
 * Tasks on other machines: each is an offer in the stream of the run, which the worker that gets it claims here. Only
 * then, and only once at a time, is the worker told to begin, with the item.
 *
 * So this side knows at every moment which worker has which task, and which port its rows come from. When a worker
 * dies, that port is closed first, then the table tells how far the task came, then it is offered again. Whatever a
 * worker sends that was taken for dead goes nowhere.
 *
 * A lost delivery is no attempt of the user's. A task whose worker was lost {@linkcode MAX_LOSSES} times has failed.
 *
 * @module
 */
import { toErrorData } from "../../errors.ts";
import { isoNow } from "../../internal/timestamps.ts";
import {
  type Executor,
  type ExecutorEvents,
  lostOutcome,
  type OfferedTask,
} from "../../pipeline/executor/executor.ts";
import type { RemoteOptions } from "../../pipeline/executor/executor_factory.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import type { RunningTask } from "../../pipeline/observers/run_observer.ts";
import { encode, type OfferId, type UpMessage } from "../protocol.ts";
import { Coordination, type CoordinationOptions } from "./coordination.ts";
import type { Job } from "./job.ts";
import type { RemoteWorker } from "./remote_worker.ts";
import { type Interrupted, settleLost } from "./settle_lost.ts";

/** Losses after which a task has failed. */
const MAX_LOSSES = 3;

/** What the executor is told. */
export interface RemoteExecutorOptions<Item>
  extends RemoteOptions<Item>, Omit<CoordinationOptions, "operation"> {}

/** Runs tasks on the workers that are connected to NATS. */
export class RemoteExecutor<Item> implements Executor<Item> {
  readonly #options: RemoteExecutorOptions<Item>;
  readonly #jobs = new Map<number, Job<Item>>();
  /** Jobs that hold a slot. */
  #busy = 0;
  #offers = 0;
  #events: ExecutorEvents<Item> | undefined;
  #coordination: Coordination<Item> | undefined;
  #isDisposed = false;
  readonly #closed: Disposable;
  readonly #abort = () => this.#stop(this.#options.environment.signal.reason);

  constructor(options: RemoteExecutorOptions<Item>) {
    this.#options = options;
    this.#closed = options.onClosed(() => this[Symbol.dispose]());
    options.environment.signal.addEventListener("abort", this.#abort);
  }

  get free(): number {
    const slots = Math.min(this.#options.slots, this.#coordination?.crew.slots ?? 0);
    return Math.max(0, slots - this.#busy);
  }

  /** Why no task begins. */
  get notice(): string | undefined {
    return this.#coordination?.crew.notice;
  }

  async start(events: ExecutorEvents<Item>): Promise<void> {
    this.#events = events;
    if (this.#options.environment.signal.aborted) return;
    const coordination = await Coordination.open<Item>(this.#options, {
      receive: (worker, message) => this.#receive(worker, message),
      lost: (worker, why) => void this.#lost(worker, why),
      tick: () => this.#tick(),
      republish: (isLost) => this.#republish(isLost),
      failed: (error) => events.failed(error),
    });
    if (this.#isDisposed) return coordination.abandon();
    this.#coordination = coordination;
    coordination.begin();
  }

  offer(task: OfferedTask<Item>): void {
    const job: Job<Item> = {
      task,
      offer: ++this.#offers,
      phase: "offered",
      since: performance.now(),
      startedAt: "",
      worker: undefined,
      port: 0,
      contender: undefined,
      losses: 0,
      isLeased: true,
      fraction: undefined,
      note: undefined,
    };
    this.#jobs.set(task.id, job);
    this.#busy++;
    this.#coordination!.offers.publish({ id: task.id, offer: job.offer });
  }

  cancel({ id }: OfferedTask<Item>, reason: Error): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (job.phase === "offered") this.#end(job, lostOutcome(toErrorData(reason), "cancelled"));
    else job.worker?.send({ kind: "cancel", id, reason: toErrorData(reason) });
  }

  *running(): Generator<RunningTask> {
    for (const { phase, task: { id, name, key }, fraction, note } of this.#jobs.values()) {
      if (phase === "running") yield { id, name, key, fraction, note };
    }
  }

  async finish(): Promise<void> {
    await this.#coordination?.close();
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#closed[Symbol.dispose]();
    const { signal } = this.#options.environment;
    signal.removeEventListener("abort", this.#abort);
    this.#coordination?.abandon();
    const error = toErrorData(new Error("The run ended before its worker had answered"));
    const status = signal.aborted ? "cancelled" : "error";
    for (const job of [...this.#jobs.values()]) this.#end(job, lostOutcome(error, status));
  }

  /** The run is to stop. */
  #stop(reason: unknown): void {
    const data = toErrorData(reason);
    for (const worker of this.#coordination?.crew.workers() ?? []) {
      worker.send({ kind: "abort", reason: data });
    }
    for (const job of [...this.#jobs.values()]) {
      if (job.phase === "offered") this.#end(job, lostOutcome(data, "cancelled"));
    }
  }

  #receive(worker: RemoteWorker<Item>, message: UpMessage): void {
    switch (message.kind) {
      case "join":
        return worker.send(this.#coordination!.welcome);
      case "ready":
        worker.slots = message.slots;
        return this.#events!.ready();
      case "leaving":
        return void (worker.slots = 0);
      case "left":
        return this.#coordination!.crew.remove(worker, "it ended");
      case "unfit":
        return this.#coordination!.crew.refuse(worker, `is not fit: ${message.error.message}`);
      case "claim":
        return this.#claim(worker, message);
      case "returned":
        return this.#returned(this.#held(worker, message));
      case "ended": {
        worker.send({ kind: "over", id: message.id, offer: message.offer });
        const job = this.#held(worker, message);
        if (!job) return;
        worker.ended++;
        return this.#end(job, message.outcome);
      }
      case "gave_back": {
        const job = this.#held(worker, message);
        return job && void this.#take(job, `${worker.name} gave it back`, false);
      }
      case "progressed": {
        const job = this.#jobs.get(message.id);
        if (job?.worker === worker) {
          Object.assign(job, { fraction: message.fraction, note: message.note });
        }
        return;
      }
      case "logged":
        return this.#options.environment.onLog?.(message, message.level, message.message);
      case "failed":
        return this.#events!.failed(new Error(message.error.message));
      case "port":
      case "disconnect":
        return;
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot read a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** The job of an offer that a worker holds. */
  #held(worker: RemoteWorker<Item>, { id, offer }: OfferId): Job<Item> | undefined {
    const job = this.#jobs.get(id);
    return job?.worker === worker && job.offer === offer ? job : undefined;
  }

  #claim(worker: RemoteWorker<Item>, { id, offer, port }: OfferId & { port: number }): void {
    const job = this.#jobs.get(id);
    if (job?.offer !== offer || job.worker === worker) {
      return worker.send({ kind: "drop", id, offer });
    }
    if (job.phase === "offered") return this.#begin(job, worker, port);
    // The lease of the worker that has it ran out, which is perhaps only slow.
    this.#dropContender(job);
    job.contender = { worker, port };
    job.since = performance.now();
  }

  /** Lets a worker begin a task. */
  #begin(job: Job<Item>, worker: RemoteWorker<Item>, port: number): void {
    const { id, name, key, attempt, item } = job.task;
    const { offer } = job;
    let bytes: Uint8Array;
    try {
      bytes = encode(item);
    } catch (error) {
      worker.send({ kind: "drop", id, offer });
      const refusal = new TypeError(
        `Cannot send the item of task ${id} (${name}) to a worker: ${(error as Error).message}; ` +
          `make it plain data`,
      );
      return this.#end(job, lostOutcome(toErrorData(refusal), "error"));
    }
    Object.assign(job, {
      phase: "running",
      worker,
      port,
      startedAt: isoNow(),
      since: performance.now(),
    });
    worker.jobs.add(job);
    worker.send({ kind: "go", id, offer, name, key, attempt, item: bytes });
    this.#events!.started(job.task);
  }

  #returned(job: Job<Item> | undefined): void {
    if (job?.phase !== "running") return;
    job.phase = "returned";
    this.#busy--;
    this.#events!.ready();
  }

  #end(job: Job<Item>, outcome: TaskOutcome): void {
    const { id } = job.task;
    if (this.#jobs.get(id) !== job) return;
    this.#jobs.delete(id);
    if (job.phase !== "returned") this.#busy--;
    job.worker?.jobs.delete(job);
    this.#dropContender(job);
    this.#events!.ended(job.task, outcome);
    this.#events!.ready();
  }

  #dropContender(job: Job<Item>): void {
    const { task: { id }, offer, contender } = job;
    job.contender = undefined;
    if (!contender) return;
    contender.worker.send({ kind: "drop", id, offer });
    // It acknowledges the offer, which the server then forgets.
    job.isLeased = false;
  }

  /** A worker is gone. */
  async #lost(worker: RemoteWorker<Item>, why: string): Promise<void> {
    const closed = worker.close();
    this.#coordination?.note(worker, true);
    for (const job of this.#jobs.values()) {
      if (job.contender?.worker === worker) job.contender = undefined;
    }
    await Promise.all(
      [...worker.jobs].map((job) =>
        this.#take(job, `Its worker ${worker.name} is gone: ${why}`, true, closed)
      ),
    );
    this.#events!.ready();
  }

  /** Takes a task from its worker, and offers it again. */
  async #take(
    job: Job<Item>,
    why: string,
    isFault: boolean,
    closed?: Promise<void>,
  ): Promise<void> {
    const { environment } = this.#options;
    const { worker, port } = job;
    if (job.phase === "returned") this.#busy++;
    job.phase = "taking";
    try {
      await (closed ?? worker?.disconnect(port));
      worker?.jobs.delete(job);
      job.worker = undefined;
      if (isFault) job.losses++;
      const isPoison = job.losses >= MAX_LOSSES;
      const lost: Interrupted = { task: job.task, startedAt: job.startedAt, why, isPoison };
      const outcome = await settleLost(lost, environment);
      if (this.#jobs.get(job.task.id) !== job) return;
      if (outcome) return this.#end(job, outcome);
      const reason = environment.signal.aborted
        ? environment.signal.reason
        : job.task.cancellation?.reason;
      if (reason !== undefined) {
        return this.#end(job, lostOutcome(toErrorData(reason), "cancelled"));
      }
      Object.assign(job, {
        phase: "offered",
        since: performance.now(),
        fraction: undefined,
        note: undefined,
      });
      const { contender } = job;
      job.contender = undefined;
      if (contender && !contender.worker.isClosed) {
        return this.#begin(job, contender.worker, contender.port);
      }
      if (!job.isLeased) this.#publishAgain(job);
    } catch (error) {
      this.#events!.failed(error as Error);
      this.#end(job, lostOutcome(toErrorData(error), "error"));
    }
  }

  #publishAgain(job: Job<Item>): void {
    job.offer = ++this.#offers;
    job.isLeased = true;
    job.since = performance.now();
    this.#coordination!.offers.publish({ id: job.task.id, offer: job.offer });
  }

  /** Offers what no worker has and the server has lost: all of it, or what is offered for long. */
  #republish(isLost: boolean): void {
    const late = performance.now() - this.#options.leaseMs;
    for (const job of this.#jobs.values()) {
      if (isLost) job.isLeased = false;
      if (job.phase === "offered" && (isLost || job.since < late)) this.#publishAgain(job);
    }
  }

  #tick(): void {
    const { beatMs } = this.#coordination!;
    let leased = 0;
    let late = 0;
    for (const job of this.#jobs.values()) {
      if (job.isLeased) leased++;
      const waits = performance.now() - job.since;
      if (job.phase === "offered" && waits > this.#options.leaseMs) late++;
      // A worker that shows signs of life keeps its task.
      const isAlive = job.worker && job.worker.silence < beatMs * 1.5;
      if (job.contender && isAlive && waits > beatMs) this.#dropContender(job);
    }
    this.#coordination!.tick({ leased, late, running: this.#jobs.size });
  }
}
