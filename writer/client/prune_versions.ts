/**
 * Deletes versions of work that no run has any more: a version goes with the last run of its pipeline that had its key.
 *
 * What is stale is found by a connection that only reads, because that takes a look at every task of the runs that are
 * left. It is deleted in parts, each a commit of its own, and only where it is still what was found: a run may have done
 * the work again meanwhile.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { columnsOf, isOrdinaryTable } from "../../sqlite/pragmas.ts";
import type { SqliteWriter } from "./sqlite_writer.ts";

/** Versions of one commit. */
const PART_ROWS = 2_000;

/** Runs that stay: ?1 are the ids of those that go, as JSON. */
const STAYS = "r.id NOT IN (SELECT value FROM json_each(?1))";

/** Pipelines none of whose runs is active: that may still come to its keys. */
const NAMES = `SELECT DISTINCT name FROM task_versions
  WHERE name NOT IN (SELECT name FROM pipeline_runs r WHERE status='running' AND ${STAYS}) ORDER BY name`;

/** The versions of pipeline ?2 that go with these runs. */
const STALE = `SELECT key, run_id, task_id FROM task_versions
  WHERE name=?2 AND key NOT IN (
    SELECT t.key FROM pipeline_runs r CROSS JOIN task_runs t
      ON t.run_id=r.id AND t.id BETWEEN r.first_task_id AND r.last_task_id
    WHERE r.name=?2 AND t.key IS NOT NULL AND ${STAYS})`;

const DELETE = `DELETE FROM task_versions WHERE name=?1 AND (key, run_id, task_id) IN (
  SELECT value->>0, value->>1, value->>2 FROM json_each(?2))`;

/** A version that no run has. */
type Stale = [key: string, run: number, task: number];

/**
 * Deletes the versions whose keys no run of their pipeline has.
 *
 * @param signal Stops it between two commits
 * @returns How many are deleted
 */
export async function pruneVersions(
  connection: Connection,
  writer: SqliteWriter,
  signal?: AbortSignal,
): Promise<number> {
  let deleted = 0;
  for (const [name, stale] of findStale(connection)) {
    for (let at = 0; at < stale.length && !signal?.aborted; at += PART_ROWS) {
      const part = JSON.stringify(stale.slice(at, at + PART_ROWS));
      deleted += (await writer.execute(DELETE, [name, part])).changes;
    }
  }
  return deleted;
}

/** How many versions would go with these runs. */
export function countVersions(connection: Connection, runs: readonly number[]): number {
  return findStale(connection, runs).reduce((sum, [, stale]) => sum + stale.length, 0);
}

/** The versions that no run has, once these have gone, by their pipelines. */
function findStale(
  connection: Connection,
  runs: readonly number[] = [],
): [name: string, stale: Stale[]][] {
  if (!hasVersions(connection)) return [];
  const going = JSON.stringify(runs);
  return connection.prepare(NAMES).all(going).map(({ name }) => [
    String(name),
    connection.prepare(STALE).all(going, name!).map((row): Stale => [
      String(row.key),
      Number(row.run_id),
      Number(row.task_id),
    ]),
  ]);
}

function hasVersions(connection: Connection): boolean {
  return isOrdinaryTable(connection, "task_versions") &&
    columnsOf(connection, "task_runs").includes("key");
}
