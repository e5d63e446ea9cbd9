/**
 * The tasks that a run has offered to its workers: which of them is where, and what becomes of it when its worker
 * dies.
 *
 * A lost delivery is not an attempt of the user's. A task whose worker was lost {@linkcode MAX_LOSSES} times has
 * failed.
 *
 * @module
 */
import { toErrorData } from "../../errors.ts";
import { isoNow } from "../../internal/timestamps.ts";
import { TransientMap } from "../../internal/transient_map.ts";
import {
  type ExecutorEvents,
  lostOutcome,
  type OfferedTask,
} from "../../pipeline/executor/executor.ts";
import type { TaskEnvironment } from "../../pipeline/executor/task_execution.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import { encode } from "../codec/encode.ts";
import type { ClaimId, OfferId } from "../protocol.ts";
import type { Job } from "./job.ts";
import type { RemoteWorker } from "./remote_worker.ts";
import { settleLost } from "./settle_lost.ts";

/** Losses after which a task has failed. */
const MAX_LOSSES = 3;

/** Milliseconds for which a worker may have a task before it begins it. */
const AHEAD_MS = 2_000;

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
  readonly #jobs = new TransientMap<number, Job<Item>>();
  #offers = 0;
  #busy = 0;

  constructor(options: JobsOptions<Item>) {
    this.#options = options;
  }

  /** How many hold a slot. */
  get busy(): number {
    return this.#busy;
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

  /** The job of a worker's claim. */
  held(worker: RemoteWorker, { id, claim }: ClaimId): Job<Item> | undefined {
    const job = this.#jobs.get(id);
    return job?.worker === worker && job.claim === claim ? job : undefined;
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
      claim: 0,
      losses: 0,
      fraction: undefined,
      note: undefined,
    };
    this.#jobs.set(task.id, job);
    this.#busy++;
    this.#publish(job);
  }

  /** A worker was given an offer. */
  claim(worker: RemoteWorker, { id, offer, claim }: OfferId & ClaimId): void {
    const job = this.#jobs.get(id);
    if (job?.offer === offer && job.phase === "offered") this.#begin(job, worker, claim);
    else worker.send({ kind: "drop", id, claim });
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
    this.#options.events.ended(job.task, outcome);
    this.#options.events.ready();
  }

  /** A worker is gone. */
  async lose(worker: RemoteWorker, why: string): Promise<void> {
    const closed = worker.close();
    const text = `Its worker ${worker.name} is gone: ${why}`;
    const lost = this.all().filter(({ phase, worker: its }) =>
      its === worker && phase !== "taking"
    );
    // A worker begins tasks in the order in which it got them, so those behind its slots have not begun.
    const begun = lost.filter(({ phase }) => phase === "running")
      .sort((a, b) => a.since - b.since).slice(0, worker.capacity);
    for (const job of lost) if (job.phase === "returned" || begun.includes(job)) job.losses++;
    await Promise.all(lost.map((job) => this.#take(job, closed, text)));
  }

  /** A worker gives a task back, whose rows came from this port. */
  async giveBack(job: Job<Item>, port: number | undefined): Promise<void> {
    if (job.phase === "taking") return;
    const worker = job.worker!;
    const cut = port === undefined ? Promise.resolve() : worker.disconnect(port);
    await this.#take(job, cut, `${worker.name} gave it back`);
  }

  /** Compares the claims that a worker reports with what is known here. */
  compare(worker: RemoteWorker, claims: readonly ClaimId[]): void {
    const known = new Set(claims.map(({ claim }) => claim));
    for (const { id, claim } of claims) {
      if (!this.held(worker, { id, claim })) worker.send({ kind: "drop", id, claim });
    }
    const missing = this.all().filter(({ worker: its, claim, phase }) =>
      its === worker && phase !== "taking" && !known.has(claim)
    );
    if (missing.length === 0) return;
    // Which of its ports their rows come from is not known, so all of them are closed.
    worker.drop(`it does not have ${missing.length} of its tasks`);
  }

  /** Offers again what no worker has. */
  republish(): void {
    for (const job of this.#jobs.values()) if (job.phase === "offered") this.#publish(job);
  }

  /** Lets a worker begin a task. */
  #begin(job: Job<Item>, worker: RemoteWorker, claim: number): void {
    const { environment: { run, batchSender, deadline }, events } = this.#options;
    const { id, name, key, attempt, item } = job.task;
    let bytes: Uint8Array;
    try {
      bytes = encode(item);
    } catch (error) {
      worker.send({ kind: "drop", id, claim });
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
    Object.assign(job, { phase: "running", worker, claim, startedAt: isoNow(), since });
    worker.running++;
    if (attempt?.timeoutMs !== undefined) {
      deadline?.limitTask(id, attempt.timeoutMs + AHEAD_MS, "its time was up");
    }
    const { task: { stage }, trace } = job;
    worker.send({ kind: "go", id, claim, name, key, attempt, stage, item: bytes, trace });
    events.started(job.task);
  }

  /** Takes a task from its worker, which is cut off, and offers it again. */
  async #take(job: Job<Item>, cut: Promise<void>, why: string): Promise<void> {
    const { environment, events } = this.#options;
    if (job.phase === "returned") this.#busy++;
    else job.worker!.running--;
    job.phase = "taking";
    try {
      await cut;
      job.worker = undefined;
      const { task, startedAt } = job;
      const isPoison = job.losses >= MAX_LOSSES;
      const outcome = await settleLost({ task, startedAt, why, isPoison }, environment);
      if (this.#jobs.get(task.id) !== job) return;
      if (outcome) return this.end(job, outcome);
      const reason = environment.signal.aborted
        ? environment.signal.reason
        : task.cancellation?.reason;
      if (reason !== undefined) return this.end(job, lostOutcome(toErrorData(reason), "cancelled"));
      Object.assign(job, { phase: "offered", fraction: undefined, note: undefined });
      this.#publish(job);
    } catch (error) {
      events.failed(error as Error);
      this.end(job, lostOutcome(toErrorData(error), "error"));
    }
  }

  #publish(job: Job<Item>): void {
    job.offer = ++this.#offers;
    job.since = performance.now();
    this.#options.publish({ id: job.task.id, offer: job.offer });
  }
}
