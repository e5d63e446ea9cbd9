/**
 * Tasks on a pool of Workers: they run in parallel, each Worker with its own port straight to the writer, so that
 * rows do not pass through the main thread.
 *
 * @module
 */
import { toErrorData } from "../../../errors.ts";
import type { RunningTask } from "../../observers/run_observer.ts";
import { type Executor, type ExecutorEvents, lostOutcome, type OfferedTask } from "../executor.ts";
import type { ExecutorOptions } from "../main_thread_executor.ts";
import { PooledWorker } from "./pool_worker.ts";
import type { WorkerOptions } from "./pool_worker_options.ts";
import { Prefetch } from "./prefetch.ts";

/** What a pool needs of the run. */
export interface WorkerPoolOptions extends ExecutorOptions, WorkerOptions {
  slots: number;
  /** Whether a Worker may have short tasks at hand before it runs them. */
  prefetches: boolean;
  /** Calls back when the writer is gone; see {@linkcode SqliteWriter.onClosed}. */
  onClosed: (listener: () => void) => Disposable;
}

/** Milliseconds between two looks at the boards of Workers that have more than one task. */
const LOOK_MS = 5;

/** A place for a Worker; one that dies is replaced when its slot gets the next task. */
interface Slot<Item> {
  worker: PooledWorker<Item> | undefined;
  isStarting: boolean;
  /** Tasks that are sent with the next message. */
  offered: OfferedTask<Item>[];
  readonly prefetch: Prefetch;
  /** The task that ran when its Worker was last looked at. */
  seen: OfferedTask<Item> | undefined;
}

/** The Workers, each in its slot. */
export class WorkerPoolExecutor<Item> implements Executor<Item> {
  readonly #options: WorkerPoolOptions;
  #slots: Slot<Item>[] = [];
  #events: ExecutorEvents<Item> | undefined;
  readonly #closed: Disposable;
  #isDisposed = false;
  /** Slots with tasks that were not sent yet, which happens when all were offered that can be. */
  readonly #unsent = new Set<Slot<Item>>();
  #chosen: Slot<Item> | undefined;
  #isOpen = false;
  /** Whether the writer has enough to do. */
  #isAhead = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = () => {
    const { reason } = this.#options.environment.signal;
    for (const { worker } of this.#slots) worker?.abort(reason);
  };

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#closed = options.onClosed(() => this[Symbol.dispose]());
    options.environment.signal.addEventListener("abort", this.#abort);
  }

  get free(): number {
    if (!this.#isOpen || this.#isAhead) return 0;
    return this.#slots.reduce((sum, slot) => sum + roomOf(slot), 0);
  }

  /**
   * Starts the Workers; there are fewer when the signal is aborted meanwhile, and none when it was before.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async start(events: ExecutorEvents<Item>): Promise<void> {
    this.#events = events;
    // None would notice it any more while its module loads, which may take for ever.
    if (this.#options.environment.signal.aborted) return;
    const { slots, expected = slots, prefetches } = this.#options;
    const all = Array.from({ length: slots }, (): Slot<Item> => ({
      worker: undefined,
      isStarting: false,
      offered: [],
      prefetch: new Prefetch(prefetches),
      seen: undefined,
    }));
    this.#slots = all;
    try {
      await Promise.all(all.slice(0, expected).map((slot) => this.#start(slot)));
    } catch (error) {
      // What others have set up is not left behind.
      await this.#finishWorkers();
      throw error;
    }
    this.#isOpen = true;
  }

  offer(task: OfferedTask<Item>): void {
    const slot = this.#choose();
    slot.offered.push(task);
    if (this.#unsent.size === 0) queueMicrotask(() => this.#send());
    this.#unsent.add(slot);
  }

  cancel(task: OfferedTask<Item>, reason: Error): void {
    for (const { worker } of this.#slots) worker?.cancel(task.id, reason);
    this.#options.environment.deadline?.limitTask(task.id, 0, "it was cancelled");
  }

  *running(): Generator<RunningTask> {
    for (const { worker } of this.#slots) {
      if (worker?.running) yield worker.running;
    }
  }

  async finish(): Promise<void> {
    await this.#finishWorkers();
    // The ends of tasks that have sent nothing.
    await this.#options.environment.batchSender.flushed();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#closed[Symbol.dispose]();
    this.#options.environment.signal.removeEventListener("abort", this.#abort);
    for (const { worker } of this.#slots) worker?.[Symbol.dispose]();
  }

  async #finishWorkers(): Promise<void> {
    await Promise.all(this.#slots.map(({ worker }) => worker?.finish()));
  }

  /**
   * The slot whose Worker has no task, else the one that was chosen last, so that neighbours are run and written
   * together, else that with the fewest; one without a Worker only when all others have some.
   */
  #choose(): Slot<Item> {
    let best: Slot<Item> | undefined;
    let least = Infinity;
    for (const slot of this.#slots) {
      if (roomOf(slot) === 0) continue;
      const isIdle = loadOf(slot) === 0;
      const load = isIdle ? -1 : slot === this.#chosen ? 0 : loadOf(slot);
      const rank = 2 * load + (slot.worker ? 0 : 1);
      if (rank < least) [best, least] = [slot, rank];
    }
    return this.#chosen = best!;
  }

  /** Gives the tasks to their Workers that were offered since the last time. */
  #send(): void {
    const slots = [...this.#unsent];
    // More may be offered meanwhile.
    this.#unsent.clear();
    for (const slot of slots) {
      if (!slot.isStarting) this.#sendTo(slot).catch((error) => this.#events!.failed(error));
    }
    this.#lookSoon();
  }

  async #sendTo(slot: Slot<Item>): Promise<void> {
    const events = this.#events!;
    const { observer, environment: { signal } } = this.#options;
    try {
      const isOver = this.#isDisposed || signal.aborted;
      if (!isOver && (!slot.worker || slot.worker.death)) await this.#start(slot);
    } catch (error) {
      events.failed(error as Error);
      const outcome = lostOutcome(toErrorData(error), "error");
      for (const task of slot.offered.splice(0)) events.lost(task, outcome);
      return;
    }
    const offered = slot.offered;
    slot.offered = [];
    const tasks = offered.filter((task) => slot.worker && !task.cancellation);
    if (!observer?.within) { if (tasks.length > 0) slot.worker!.give(tasks); }
    else for (const task of tasks) observer.within(task, () => slot.worker!.give([task]));
    if (tasks.length === offered.length) return;
    for (const task of offered) {
      if (tasks.includes(task)) continue;
      const reason = task.cancellation?.reason ?? signal.reason;
      events.ended(task, lostOutcome(toErrorData(reason), "cancelled"));
    }
    events.ready();
  }

  async #start(slot: Slot<Item>): Promise<void> {
    const { signal } = this.#options.environment;
    const worker = slot.worker = new PooledWorker(
      this.#options,
      this.#events!,
      (count) => this.#returned(slot, count),
    );
    slot.isStarting = true;
    try {
      await worker.load();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      slot.isStarting = false;
    }
    if (signal.aborted) worker.abort(signal.reason);
    if (this.#isDisposed) worker[Symbol.dispose]();
  }

  /** Tasks of a Worker have returned, or it has died. */
  #returned(slot: Slot<Item>, count: number): void {
    slot.prefetch.returned(count);
    const room = this.#options.environment.batchSender.ready();
    if (room && !this.#isAhead) {
      this.#isAhead = true;
      // A writer that is gone ends the run by itself.
      room.catch(() => {}).then(() => {
        this.#isAhead = false;
        this.#events!.ready();
      });
    }
    this.#events!.ready();
  }

  /** Looks at the boards in a moment, if tasks wait behind others. */
  #lookSoon(): void {
    if (this.#timer !== undefined || this.#isDisposed) return;
    if (!this.#slots.some(({ worker }) => worker && worker.size > 1)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const slot of this.#slots) this.#look(slot);
      this.#lookSoon();
    }, LOOK_MS);
  }

  /** Takes back what waits behind a task that takes its time: another Worker may be free before that. */
  #look(slot: Slot<Item>): void {
    const { worker, prefetch } = slot;
    if (!worker || worker.size <= 1) return void (slot.seen = undefined);
    const { current, stalls } = worker.look(slot.seen);
    slot.seen = current;
    if (!stalls) return;
    prefetch.stalled();
    for (const task of worker.takeBack()) this.#events!.returned(task);
  }
}

function loadOf<Item>({ worker, offered }: Slot<Item>): number {
  return offered.length + (worker?.size ?? 0);
}

/** How many tasks a slot takes. */
function roomOf<Item>(slot: Slot<Item>): number {
  const { worker, isStarting, prefetch } = slot;
  const most = worker && !worker.death && !isStarting ? prefetch.tasks : 1;
  return Math.max(0, most - loadOf(slot));
}
