/**
 * The tasks of a pipeline over its last runs. What a run that has ended came to is remembered.
 *
 * @module
 */
import type { TaskStatus } from "../../../../internal/task_status.ts";
import type { GridCell, Run, RunGrid } from "../../../api.ts";
import { memoize } from "../memoize.ts";
import { DURATION_MS } from "../order.ts";
import { isIn, tasksOf } from "../run_tasks.ts";
import { getRun } from "../runs.ts";
import type { Read } from "../slices.ts";
import { shorten, textStart, toText } from "../text.ts";
import { Turn } from "../turn.ts";

/** Runs of the grid. */
const RUNS = 20;

/** Tasks of the grid. */
const TASKS = 100;

/** Tasks of a run that are all looked at. */
const MOST_TASKS = 5_000;

/** Failures of a larger run that are looked at. */
const MOST_FAILURES = 1_000;

/** Rows that are read at a time. */
const SLICE_ROWS = 2_000;

/** Characters of a label. */
const CHARACTERS = 300;

type Cells = [label: string, cell: GridCell][];

/** The grid of the runs of a name. */
export async function readGrid(read: Read, name: string, signal?: AbortSignal): Promise<RunGrid> {
  const runs = read((reader) => {
    if (!reader.has("pipeline_runs")) return [];
    const rows = reader.all(
      `SELECT id FROM pipeline_runs WHERE name = ? ORDER BY id DESC LIMIT ${RUNS}`,
      name,
    );
    return rows.reverse().flatMap(({ id }) => getRun(reader, Number(id)) ?? []);
  });
  const byLabel = new Map<string, (GridCell | null)[]>();
  for (const [column, run] of runs.entries()) {
    for (const [label, cell] of await cellsOf(read, run, signal)) {
      let cells = byLabel.get(label);
      if (!cells) byLabel.set(label, cells = Array(runs.length).fill(null));
      cells[column] = cell;
    }
  }
  const ranked = [...byLabel].map(([label, cells]) => ({ label, cells, ...rankOf(cells) }))
    .sort((a, b) => b.failures - a.failures || b.longest - a.longest);
  return {
    runs: runs.map(({ id, status, startedAt }) => ({ id, status, startedAt })),
    tasks: ranked.slice(0, TASKS).map(({ label, cells }) => ({ label, cells })),
    left: Math.max(0, ranked.length - TASKS),
    large: runs.filter(isLarge).map(({ id }) => id),
  };
}

function rankOf(cells: readonly (GridCell | null)[]): { failures: number; longest: number } {
  let failures = 0;
  let longest = 0;
  for (const cell of cells) {
    if (cell?.status === "error") failures++;
    longest = Math.max(longest, cell?.durationMs ?? 0);
  }
  return { failures, longest };
}

function isLarge({ total }: Run): boolean {
  return total > MOST_TASKS;
}

/** The tasks of a run; of a large one its failures. */
async function cellsOf(read: Read, run: Run, signal?: AbortSignal): Promise<Cells> {
  const key = `grid ${run.id} ${run.finishedAt} ${JSON.stringify(run.counts)}`;
  const known = run.finishedAt &&
    read((reader) => memoize<Cells | undefined>(reader, key, () => undefined));
  if (known) return known;
  const tasks = read((reader) => tasksOf(reader, run.id));
  if (!tasks) return [];
  const most = isLarge(run) ? MOST_FAILURES : MOST_TASKS;
  const failed = isLarge(run) ? `${isIn("error", tasks)} AND` : "";
  const cells: Cells = [];
  const turn = new Turn();
  let low = tasks.first;
  while (cells.length < most) {
    signal?.throwIfAborted();
    const rows = read((reader) =>
      reader.all(
        `SELECT id, ${
          textStart(reader.has("task_runs", "key") ? "coalesce(key, name)" : "name", CHARACTERS)
        } AS label, ${tasks.status} AS status, ${DURATION_MS} AS duration FROM task_runs
         WHERE ${failed} id BETWEEN ? AND ? AND ${tasks.condition} ORDER BY id LIMIT ${
          Math.min(SLICE_ROWS, most)
        }`,
        low,
        tasks.last,
        tasks.run,
      )
    );
    for (const { id, label, status, duration } of rows) {
      cells.push([shorten(toText(label) ?? "", CHARACTERS), {
        id: Number(id),
        status: toText(status) as TaskStatus,
        durationMs: duration === null ? null : Number(duration),
      }]);
    }
    if (rows.length < SLICE_ROWS) break;
    low = Number(rows.at(-1)!.id) + 1;
    await turn.pass();
  }
  return run.finishedAt ? read((reader) => memoize(reader, key, () => cells)) : cells;
}
