/**
 * What a task depends on, and what depends on it.
 *
 * The index of dependencies begins with the task that waits. Those that wait for a task are therefore found among all
 * of its run, in slices.
 *
 * @module
 */
import type { TaskDependencies, TaskDetail } from "../../../api.ts";
import { readTasks } from "../tasks.ts";
import type { Read } from "../slices.ts";
import { Turn } from "../turn.ts";

/** Tasks of each list. */
const LISTED = 20;

/** Dependencies that are looked at in one statement: some milliseconds of work. */
const SLICE_ROWS = 20_000;

/** Both lists of one task. */
export async function readDependencies(
  read: Read,
  { id, run }: Pick<TaskDetail, "id" | "run">,
  signal?: AbortSignal,
): Promise<TaskDependencies> {
  if (!read((reader) => reader.has("task_dependencies"))) {
    return { dependsOn: NONE, neededBy: NONE };
  }
  const dependsOn = read((reader) =>
    reader.all(
      "SELECT depends_on_id AS id FROM task_dependencies WHERE run_id=? AND task_id=? ORDER BY id",
      run.id,
      id,
    ).map((row) => Number(row.id))
  );
  const neededBy: number[] = [];
  const turn = new Turn();
  for (let after: readonly [number, number] | undefined = [-Number.MAX_SAFE_INTEGER, 0]; after;) {
    signal?.throwIfAborted();
    const from: readonly [number, number] = after;
    const rows = read((reader) =>
      reader.all(
        `SELECT task_id, depends_on_id FROM task_dependencies
         WHERE run_id=? AND (task_id, depends_on_id) > (?, ?)
         ORDER BY task_id, depends_on_id LIMIT ${SLICE_ROWS}`,
        run.id,
        ...from,
      )
    );
    for (const row of rows) {
      if (Number(row.depends_on_id) === id) neededBy.push(Number(row.task_id));
    }
    const last = rows.at(-1);
    after = rows.length < SLICE_ROWS || !last
      ? undefined
      : [Number(last.task_id), Number(last.depends_on_id)];
    await turn.pass();
  }
  return { dependsOn: toList(read, dependsOn), neededBy: toList(read, neededBy) };
}

const NONE: TaskDependencies["dependsOn"] = { total: 0, tasks: [] };

function toList(read: Read, ids: readonly number[]): TaskDependencies["dependsOn"] {
  return {
    total: ids.length,
    tasks: read((reader) => readTasks(reader, ids.slice(0, LISTED))),
  };
}
