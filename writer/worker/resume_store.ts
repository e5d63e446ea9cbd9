/**
 * Which run is resumed.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { RunKey } from "../protocol/run_message.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";

/** True of the tasks of run ?1, found by the range of their ids. */
export const OF_RUN = `run_id=?1 AND id BETWEEN
  (SELECT first_task_id FROM pipeline_runs WHERE id=?1) AND
  (SELECT last_task_id FROM pipeline_runs WHERE id=?1)`;

/** How many tasks were added to run ?1 by others: they are not among its items. */
export const ADDED_TASKS =
  `(SELECT count(*) FROM task_runs WHERE ${OF_RUN} AND added_by IS NOT NULL)`;

/** Which run to resume. */
export interface WantedRun {
  /** The name. */
  name: string;
  /** The arguments, as JSON. */
  args: string;
  /** `true` for the newest of this name and these arguments, an id, or a key. */
  resume: true | number | RunKey;
}

/**
 * The run to continue. With `true` it is the newest of this name and these arguments, unless that is `done`, with a
 * key the one that has it, `undefined` when there is none of them. A run of a release that kept no arguments has any.
 *
 * @throws {RangeError} If there is no run of that id, name and arguments
 * @throws {Error} If it is running
 */
export function findRun(connection: Connection, wanted: WantedRun): number | undefined {
  const { name, args, resume } = wanted;
  const row = select(connection, wanted);
  if (!row && typeof resume !== "number") return undefined;
  if (!row) throw new RangeError(`Cannot resume run ${resume}: there is no such run`);
  if (resume === true && row.status === "done") return undefined;
  if (row.name !== name) {
    throw new RangeError(
      `Cannot resume run ${row.id} as ${Deno.inspect(name)}: it is a run of ` +
        Deno.inspect(row.name),
    );
  }
  if (row.args !== null && row.args !== args) {
    throw new RangeError(
      `Cannot resume run ${row.id} with the arguments ${args}: it was started with ${row.args}. ` +
        `Pass these, or begin another run`,
    );
  }
  if (row.status === "running") {
    throw new Error(
      `Cannot resume run ${row.id}: it is running` +
        (row.owner
          ? "; wait for it, or end its process"
          : ", and it has no owner that could be asked; when its process is gone, set its status " +
            "in pipeline_runs to 'interrupted'"),
    );
  }
  return row.id as number;
}

function select(connection: Connection, { name, args, resume }: WantedRun): SqlRow | undefined {
  const last = (which: string, ...params: SqlValue[]) =>
    connection.prepare(
      `SELECT id, name, status, owner, args FROM pipeline_runs WHERE ${which}
       ORDER BY id DESC LIMIT 1`,
    ).get(...params);
  if (resume === true) return last("name=? AND (args IS NULL OR args=?)", name, args);
  if (typeof resume === "number") return last("id=?", resume);
  return last("name=? AND run_key=?", name, resume.key);
}
