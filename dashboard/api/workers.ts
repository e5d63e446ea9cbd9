/**
 * What the API returns about workers on other machines.
 *
 * @module
 */

/**
 * A worker that takes or took part in a run.
 *
 * @example Free slots
 * ```ts ignore
 * import type { RemoteWorkerInfo } from "@pipeloom/pipeloom/dashboard";
 *
 * const free = ({ slots, running, leftAt }: RemoteWorkerInfo) => leftAt ? 0 : slots - running;
 * ```
 */
export interface RemoteWorkerInfo {
  /** Its machine and its process, as in `task_runs.worker`. */
  name: string;
  /** Its machine. */
  machine: string;
  /** Its version of this package. */
  version: string;
  /** Tasks that it runs at once. */
  slots: number;
  /** Tasks that it ran when its last message came. */
  running: number;
  /** Tasks that have ended on it. */
  ended: number;
  /** Tasks that ended on it per second, lately. */
  tasksPerSecond: number;
  /** Time at which it joined the run. */
  joinedAt: string | null;
  /** Time at which its last message came. */
  heardAt: string | null;
  /** Time at which it left or was taken for dead, `null` while it is connected. */
  leftAt: string | null;
}
