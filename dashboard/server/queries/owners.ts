/**
 * Which process a run belongs to.
 *
 * @module
 */
import type { OwnerState } from "../../../internal/owner_lock.ts";
import type { Reader } from "../reader.ts";
import { numberOf } from "./progress.ts";
import { toText } from "./text.ts";

/** A run and its process, as it was noted. */
export interface OwnedRun {
  /** The run. */
  id: number;
  /** Its name. */
  name: string;
  /** Its status as it stands. */
  status: string;
  /** The token of its lock file. */
  owner: string | null;
  /** Whether that process lives. */
  state: OwnerState;
  /** The id of that process on its machine. */
  pid: number | null;
  /** The machine, where that is known. */
  host: string | null;
}

/** Runs that are marked as running, and runs of these owners, newest first. */
export function listOwnedRuns(reader: Reader, owners: readonly string[]): OwnedRun[] {
  if (!reader.has("pipeline_runs")) return [];
  const isOwned = reader.has("pipeline_runs", "owner")
    ? "OR owner IN (SELECT value FROM json_each(?))"
    : "OR ? IS NULL";
  const rows = reader.all(
    `SELECT * FROM pipeline_runs WHERE status = 'running' ${isOwned} ORDER BY id DESC`,
    JSON.stringify(owners),
  );
  return rows.map(({ id, name, status, owner = null, pid = null, host = null }) => ({
    id: Number(id),
    name: toText(name) ?? "",
    status: toText(status) ?? "",
    owner: toText(owner),
    state: typeof owner === "string" ? reader.owner(owner) : "unknown",
    pid: numberOf(pid),
    host: toText(host),
  }));
}
