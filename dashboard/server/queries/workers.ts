/**
 * Queries about workers on other machines.
 *
 * @module
 */
import type { RemoteWorkerInfo } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { toText } from "./text.ts";

/** Workers that are shown. */
const MAX_WORKERS = 1_000;

/** The workers of a run: those that are connected first, then those that left last. */
export function listWorkers(reader: Reader, run: number): RemoteWorkerInfo[] {
  if (!reader.has("workers", "tasks_per_s")) return [];
  return reader.all(
    `SELECT * FROM workers WHERE run_id = ? ORDER BY left_at IS NOT NULL, left_at DESC, id
     LIMIT ${MAX_WORKERS}`,
    run,
  ).map((row) => ({
    name: toText(row.name) ?? "",
    machine: toText(row.machine) ?? "",
    version: toText(row.version) ?? "",
    slots: Number(row.slots),
    running: Number(row.running),
    ended: Number(row.ended),
    tasksPerSecond: Number(row.tasks_per_s),
    joinedAt: toText(row.joined_at),
    heardAt: toText(row.heard_at),
    leftAt: toText(row.left_at),
  }));
}

/** Whether no worker of a run is connected that takes tasks. */
export function hasNoWorker(reader: Reader, run: number): boolean {
  if (!reader.has("workers")) return true;
  // A table of the user's: who is connected is not known.
  if (!reader.has("workers", "left_at")) return false;
  return !reader.get("SELECT 1 FROM workers WHERE run_id=? AND left_at IS NULL AND slots>0", run);
}
