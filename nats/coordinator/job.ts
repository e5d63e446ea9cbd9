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
   * - `running`: a worker runs it
   * - `returned`: it has returned, and its end is on its way; its slot is free
   * - `taking`: its worker is cut off, and what it wrote is looked at
   */
  phase: "offered" | "running" | "returned" | "taking";
  /** When it was offered last, or begun, on the clock of `performance.now()`. */
  since: number;
  /** When it was begun last, ISO 8601. */
  startedAt: string;
  worker: RemoteWorker | undefined;
  /** The port that its rows come from. */
  port: number;
  /** Another worker that was given the offer, because the lease of the first one ran out. */
  contender: { worker: RemoteWorker; port: number } | undefined;
  /** How often it was begun and lost with its worker. */
  losses: number;
  /** Whether the server has an offer of it, so that it gives it out again when its worker dies. */
  isLeased: boolean;
  /** How far it said that it is. */
  fraction: number | undefined;
  note: string | undefined;
}
