/**
 * A task that a run has offered to its workers.
 *
 * @module
 */
import type { OfferedTask } from "../../pipeline/executor/executor.ts";
import type { RemoteWorker } from "./remote_worker.ts";

/** A task between its offer and its end. */
export interface Job<Item> {
  readonly task: OfferedTask<Item>;
  /** The span that it belongs to. */
  readonly trace: string | undefined;
  /** Which offer of it counts; another one is void. */
  offer: number;
  /**
   * - `offered`: no worker has it
   * - `running`: a worker runs it, or will as soon as it has a free slot
   * - `returned`: it has returned, and its end is on its way; its slot is free
   * - `taking`: its worker is cut off, and what it wrote is looked at
   */
  phase: "offered" | "running" | "returned" | "taking";
  /** When it was offered last, or given to a worker, on the clock of `performance.now()`. */
  since: number;
  /** When it was given to a worker last, ISO 8601. */
  startedAt: string;
  /** The worker that has it, and by which claim. */
  worker: RemoteWorker | undefined;
  claim: number;
  /** How often it was lost with its worker after it may have begun. */
  losses: number;
  /** Its progress as last reported. */
  fraction: number | undefined;
  note: string | undefined;
}
