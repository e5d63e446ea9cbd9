/**
 * Tasks on other machines: each is an offer in the stream of the run, which the worker that gets it claims here. Only
 * then, and only once at a time, does the worker receive the item and begin.
 *
 * So this side knows at every moment which worker has which task, and which port its rows come from. When a worker
 * dies, that port is closed first, then the table shows how far the task came, then it is offered again. Whatever a
 * worker sends that was taken for dead goes nowhere.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../../errors.ts";
import {
  type Executor,
  type ExecutorEvents,
  lostOutcome,
  type OfferedTask,
} from "../../pipeline/executor/executor.ts";
import type { RemoteOptions } from "../../pipeline/executor/executor_factory.ts";
import type { RunningTask } from "../../pipeline/observers/run_observer.ts";
import type { UpMessage } from "../protocol.ts";
import { Coordination, type CoordinationOptions } from "./coordination.ts";
import { Jobs } from "./jobs.ts";
import type { RemoteWorker } from "./remote_worker.ts";

/** Options of the executor. */
export interface RemoteExecutorOptions<Item> extends RemoteOptions<Item>, CoordinationOptions {}

/** Runs tasks on the workers that are connected to NATS. */
export class RemoteExecutor<Item> implements Executor<Item> {
  readonly #options: RemoteExecutorOptions<Item>;
  #jobs: Jobs<Item> | undefined;
  #events: ExecutorEvents<Item> | undefined;
  #coordination: Coordination | undefined;
  #isDisposed = false;
  readonly #closed: Disposable;
  readonly #abort = () => this.#stop(this.#options.environment.signal.reason);

  constructor(options: RemoteExecutorOptions<Item>) {
    this.#options = options;
    this.#closed = options.onClosed(() => this[Symbol.dispose]());
    options.environment.signal.addEventListener("abort", this.#abort);
  }

  get free(): number {
    const slots = Math.min(this.#options.slots, this.#coordination?.crew.capacity ?? 0);
    return Math.max(0, slots - (this.#jobs?.busy ?? 0));
  }

  /** Why no task begins; `undefined` when tasks do. */
  get notice(): string | undefined {
    return this.#coordination?.crew.notice;
  }

  get workers(): number {
    return this.#coordination?.crew.size ?? 0;
  }

  async start(events: ExecutorEvents<Item>): Promise<void> {
    this.#events = events;
    const { environment, leaseMs } = this.#options;
    if (environment.signal.aborted) return;
    const coordination = await Coordination.open(this.#options, {
      receive: (worker, message) => this.#receive(worker, message),
      lost: (worker, why) => void this.#lost(worker, why),
      tick: () => this.#tick(),
      republish: () => this.#jobs!.republish(),
      failed: (error) => events.failed(error),
    }).catch((error) => {
      // A run that is stopped while no server answers has not failed.
      if (environment.signal.aborted) return undefined;
      throw error;
    });
    if (!coordination) return;
    if (this.#isDisposed) return coordination.abandon();
    this.#coordination = coordination;
    const publish = coordination.offers.publish.bind(coordination.offers);
    this.#jobs = new Jobs({ environment, events, leaseMs, publish });
    coordination.begin();
  }

  offer(task: OfferedTask<Item>): void {
    const { observer } = this.#options;
    const add = () => this.#jobs!.add(task, observer?.trace?.());
    if (observer?.within) observer.within(task, add);
    else add();
  }

  cancel({ id }: OfferedTask<Item>, reason: Error): void {
    const job = this.#jobs?.get(id);
    if (!job) return;
    const data = toErrorData(reason);
    if (job.phase === "offered") this.#jobs!.end(job, lostOutcome(data, "cancelled"));
    else {
      this.#options.environment.deadline?.limitTask(id, 0, "it was cancelled");
      job.worker?.send({ kind: "cancel", id, reason: data });
    }
  }

  *running(): Generator<RunningTask> {
    for (const { phase, task: { id, name, key }, fraction, note } of this.#jobs?.all() ?? []) {
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
    const outcome = lostOutcome(error, signal.aborted ? "cancelled" : "error");
    for (const job of this.#jobs?.all() ?? []) this.#jobs!.end(job, outcome);
  }

  /** Stops the run's tasks. */
  #stop(reason: unknown): void {
    const data = toErrorData(reason);
    for (const worker of this.#coordination?.crew.workers() ?? []) {
      worker.send({ kind: "abort", reason: data });
    }
    for (const job of this.#jobs?.all() ?? []) {
      if (job.phase === "offered") this.#jobs!.end(job, lostOutcome(data, "cancelled"));
    }
  }

  #receive(worker: RemoteWorker, message: UpMessage): void {
    const jobs = this.#jobs!;
    switch (message.kind) {
      case "join":
        return this.#coordination!.greet(worker);
      case "ready":
        worker.slots = worker.capacity = message.slots;
        this.#coordination!.note(worker);
        return this.#events!.ready();
      case "ahead":
        worker.ahead = message.tasks;
        return this.#events!.ready();
      case "misses":
        return this.#coordination!.missed(message.consumer);
      case "leaving":
        return void (worker.slots = 0);
      case "left":
        return this.#coordination!.crew.remove(worker, "it ended");
      case "unfit": {
        const { message: why } = message.error;
        return this.#coordination!.crew.refuse(worker, `cannot take part: ${why}`);
      }
      case "claim":
        return jobs.claim(worker, message);
      case "returned":
        return jobs.returned(jobs.held(worker, message));
      case "ended": {
        const { id, claim, outcome } = message;
        worker.send({ kind: "over", id, claim });
        const job = jobs.held(worker, message);
        if (!job) return;
        worker.ended++;
        return jobs.end(job, outcome);
      }
      case "gave_back": {
        const job = jobs.held(worker, message);
        return job && void jobs.giveBack(job, message.port);
      }
      case "holds":
        return jobs.compare(worker, message.claims);
      case "progressed": {
        const { id, fraction, note } = message;
        const job = jobs.get(id);
        if (job?.worker === worker) Object.assign(job, { fraction, note });
        return;
      }
      case "logged":
        return this.#options.environment.onLog?.(message, message.level, message.message);
      case "added":
        return this.#options.environment.adds?.added(message.id);
      case "identify":
        return void this.#identify(worker, message);
      case "failed":
        return this.#events!.failed(fromErrorData(message.error));
      case "port":
      case "disconnect":
        return;
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot read a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** Names items that a task adds. */
  async #identify(
    worker: RemoteWorker,
    { question, items }: Extract<UpMessage, { kind: "identify" }>,
  ): Promise<void> {
    const { adds } = this.#options.environment;
    const answer = await Promise.try(() => adds!.identify(items)).then(
      (identities) => ({ identities }),
      (thrown) => ({ error: toErrorData(thrown) }),
    );
    worker.send({ kind: "identified", question, ...answer });
  }

  async #lost(worker: RemoteWorker, why: string): Promise<void> {
    this.#coordination?.note(worker, true);
    await this.#jobs!.lose(worker, why);
    this.#events!.ready();
  }

  #tick(): void {
    this.#coordination!.tick(this.#jobs!.isAnyLate);
  }
}
