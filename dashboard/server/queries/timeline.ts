/**
 * When the tasks of a run ran.
 *
 * @module
 */
import type { Timeline } from "../../api.ts";
import { findTasks, type Read } from "./find.ts";
import { getRun } from "./runs.ts";
import { isIn, type RunTasks, tasksOf } from "./run_tasks.ts";
import { readTasks } from "./tasks.ts";
import { Turn } from "./turn.ts";

/** Bars of a timeline. */
const TIMELINE_BARS = 1_000;

/** Rows that are counted at a time: some milliseconds of work. */
const SLICE_ROWS = 5_000;

/** When the tasks of a run ran: all of them, or the longest. */
export async function readTimeline(
  read: Read,
  run: number,
): Promise<Timeline | undefined> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return;
  const find = { status: [], q: "", key: "", limit: TIMELINE_BARS } as const;
  const longest = await findTasks(
    read,
    tasks,
    { ...find, status: ["done", "error", "cancelled"], sort: "-duration" },
  );
  const running = await findTasks(
    read,
    tasks,
    { ...find, status: ["running"], sort: "id" },
  );
  const skipped = await countSkipped(read, tasks);
  const ids = [...running, ...longest].slice(0, TIMELINE_BARS).map(({ id }) => id);
  return read((reader) => {
    const at = Date.now();
    const bars = readTasks(reader, ids).filter(({ startedAt }) => startedAt !== null)
      .map(({ id, name, status, startedAt, finishedAt }) => ({
        id,
        name,
        status,
        from: Date.parse(startedAt!),
        // The clock may have been set back in between.
        to: finishedAt === null ? null : Math.max(Date.parse(startedAt!), Date.parse(finishedAt)),
      }));
    // Another program may have written anything for a time.
    const known = bars.filter(({ from }) => !Number.isNaN(from));
    known.sort((a, b) => a.from - b.from || a.id - b.id);
    const { total = 0, counts } = getRun(reader, run) ?? {};
    return { bars: known, started: total - (counts?.queued ?? 0) - skipped, skipped, at };
  });
}

/** Tasks of a run that were cancelled before they were started; counted in slices, with the thread free between. */
async function countSkipped(read: Read, tasks: RunTasks): Promise<number> {
  const turn = new Turn();
  let skipped = 0;
  let low: number | null = tasks.first;
  while (low !== null) {
    const from: number = low;
    const row = read((reader) =>
      reader.get(
        `SELECT count(*) AS n, max(id) AS edge, total(started_at IS NULL) AS skipped FROM (
           SELECT id, started_at FROM task_runs
           WHERE ${isIn("cancelled", tasks)} AND id BETWEEN ? AND ? AND ${tasks.condition}
           ORDER BY id LIMIT ${SLICE_ROWS})`,
        from,
        tasks.last,
        tasks.run,
      )
    )!;
    skipped += Number(row.skipped);
    low = Number(row.n) < SLICE_ROWS ? null : Number(row.edge) + 1;
    await turn.pass();
  }
  return skipped;
}
