/**
 * The tasks that a run has offered to its workers: which of them is where, and what becomes of it when its worker
 * dies.
 *
 * A lost delivery is no attempt of the user's. A task whose worker was lost {@linkcode MAX_LOSSES} times has failed.
 *
 * @module
 */
import { toErrorData } from "../../errors.ts";
import { isoNow } from "../../internal/timestamps.ts";
import {
  type ExecutorEvents,
  lostOutcome,
  type OfferedTask,
} from "../../pipeline/executor/executor.ts";
import type { TaskEnvironment } from "../../pipeline/executor/task_execution.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import { encode, type OfferId } from "../protocol.ts";
import type { Job } from "./job.ts";
import type { RemoteWorker } from "./remote_worker.ts";
import { settleLost } from "./settle_lost.ts";

/** Losses after which a task has failed. */
const MAX_LOSSES = 3;

/** What the jobs need of the run. */
export interface JobsOptions<Item> {
  environment: TaskEnvironment;
  events: ExecutorEvents<Item>;
  leaseMs: number;
  /** Lets the server give an offer to a worker. */
  publish: (offer: OfferId) => void;
}

/** The offered tasks of one run. */
export class Jobs<Item> {
  readonly #options: JobsOptions<Item>;
  readonly #jobs = new Map<number, Job<Item>>();
  #offers = 0;
  #busy = 0;

  constructor(options: JobsOptions<Item>) {
    this.#options = options;
  }

  /** How many hold a slot. */
  get busy(): number {
    return this.#busy;
  }

  /** How many the server has an offer of. */
  get leased(): number {
    let leased = 0;
    for (const { isLeased } of this.#jobs.values()) if (isLeased) leased++;
    return leased;
  }

  /** Whether one is offered for longer than a lease. */
  get isAnyLate(): boolean {
    const late = performance.now() - this.#options.leaseMs;
    for (const { phase, since } of this.#jobs.values()) {
      if (phase === "offered" && since < late) return true;
    }
    return false;
  }

  get(id: number): Job<Item> | undefined {
    return this.#jobs.get(id);
  }

  all(): Job<Item>[] {
    return [...this.#jobs.values()];
  }

  /** The job of an offer that a worker holds. */
  held(worker: RemoteWorker, { id, offer }: OfferId): Job<Item> | undefined {
    const job = this.#jobs.get(id);
    return job?.worker === worker && job.offer === offer ? job : undefined;
  }

  /** Offers a task. */
  add(task: OfferedTask<Item>, trace: string | undefined): void {
    const job: Job<Item> = {
      task,
      trace,
      offer: 0,
      phase: "offered",
      since: 0,
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
    this.#publish(job);
  }

  /** A worker was given an offer. */
  claim(worker: RemoteWorker, { id, offer, port }: OfferId & { port: number }): void {
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

  /** A task has returned. */
  returned(job: Job<Item> | undefined): void {
    if (job?.phase !== "running") return;
    job.phase = "returned";
    job.worker!.running--;
    this.#busy--;
    this.#options.events.ready();
  }

  /** A task has ended. */
  end(job: Job<Item>, outcome: TaskOutcome): void {
    const { id } = job.task;
    if (this.#jobs.get(id) !== job) return;
    this.#jobs.delete(id);
    this.#options.environment.deadline?.releaseTask(id);
    if (job.phase !== "returned") this.#busy--;
    if (job.phase === "running") job.worker!.running--;
    this.#dropContender(job);
    this.#options.events.ended(job.task, outcome);
    this.#options.events.ready();
  }

  /** A worker is gone. */
  async lose(worker: RemoteWorker, why: string): Promise<void> {
    const closed = worker.close();
    for (const job of this.#jobs.values()) {
      if (job.contender?.worker === worker) job.contender = undefined;
    }
    const text = `Its worker ${worker.name} is gone: ${why}`;
    const lost = this.all().filter(({ phase, worker: its }) =>
      its === worker && phase !== "taking"
    );
    await Promise.all(lost.map((job) => this.#take(job, closed, text, true)));
  }

  /** A worker gives a task back. */
  async giveBack(job: Job<Item>): Promise<void> {
    const worker = job.worker!;
    await this.#take(job, worker.disconnect(job.port), `${worker.name} gave it back`, false);
  }

  /** Offers again what no worker has and the server has lost: all of it, or what was offered long ago. */
  republish(isLost: boolean): void {
    const late = performance.now() - this.#options.leaseMs;
    for (const job of this.#jobs.values()) {
      if (isLost) job.isLeased = false;
      if (job.phase === "offered" && (isLost || job.since < late)) this.#publish(job);
    }
  }

  /** A worker that shows signs of life keeps its task. */
  settleContenders(beatMs: number): void {
    for (const job of this.#jobs.values()) {
      const isAlive = job.worker && job.worker.silence < beatMs * 1.5;
      const isDue = performance.now() - job.since > beatMs;
      if (job.contender && isAlive && isDue) this.#dropContender(job);
    }
  }

  /** Lets a worker begin a task. */
  #begin(job: Job<Item>, worker: RemoteWorker, port: number): void {
    const { environment: { run, batchSender, deadline }, events } = this.#options;
    const { task: { id, name, key, attempt, item }, offer } = job;
    let bytes: Uint8Array;
    try {
      bytes = encode(item);
    } catch (error) {
      worker.send({ kind: "drop", id, offer });
      const refusal = new TypeError(
        `Cannot send the item of task ${id} (${name}) to a worker: ${(error as Error).message}; ` +
          `make it plain data`,
      );
      return this.end(job, lostOutcome(toErrorData(refusal), "error"));
    }
    if (run !== null) {
      batchSender.post({ kind: "place_tasks", run, ids: [id], worker: worker.name });
    }
    const since = performance.now();
    Object.assign(job, { phase: "running", worker, port, startedAt: isoNow(), since });
    worker.running++;
    if (attempt?.timeoutMs !== undefined) {
      deadline?.limitTask(id, attempt.timeoutMs, "its time was up");
    }
    const { task: { stage }, trace } = job;
    worker.send({ kind: "go", id, offer, name, key, attempt, stage, item: bytes, trace });
    events.started(job.task);
  }

  /** Takes a task from its worker, which is cut off, and offers it again. */
  async #take(job: Job<Item>, cut: Promise<void>, why: string, isFault: boolean): Promise<void> {
    const { environment, events } = this.#options;
    if (job.phase === "returned") this.#busy++;
    else job.worker!.running--;
    job.phase = "taking";
    try {
      await cut;
      job.worker = undefined;
      if (isFault) job.losses++;
      const { task, startedAt } = job;
      const isPoison = job.losses >= MAX_LOSSES;
      const outcome = await settleLost({ task, startedAt, why, isPoison }, environment);
      if (this.#jobs.get(task.id) !== job) return;
      if (outcome) return this.end(job, outcome);
      const reason = environment.signal.aborted
        ? environment.signal.reason
        : task.cancellation?.reason;
      if (reason !== undefined) return this.end(job, lostOutcome(toErrorData(reason), "cancelled"));
      this.#offerAgain(job);
    } catch (error) {
      events.failed(error as Error);
      this.end(job, lostOutcome(toErrorData(error), "error"));
    }
  }

  #offerAgain(job: Job<Item>): void {
    const { contender } = job;
    const since = performance.now();
    Object.assign(job, { phase: "offered", since, fraction: undefined, note: undefined });
    job.contender = undefined;
    if (contender && !contender.worker.isClosed) {
      this.#begin(job, contender.worker, contender.port);
    } else if (!job.isLeased) this.#publish(job);
  }

  #dropContender(job: Job<Item>): void {
    const { task: { id }, offer, contender } = job;
    job.contender = undefined;
    if (!contender) return;
    contender.worker.send({ kind: "drop", id, offer });
    // It acknowledges the offer, which the server then forgets.
    job.isLeased = false;
  }

  #publish(job: Job<Item>): void {
    job.offer = ++this.#offers;
    job.isLeased = true;
    job.since = performance.now();
    this.#options.publish({ id: job.task.id, offer: job.offer });
  }
}
