/**
 * Two runs side by side: what became slower, what fails now.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { ComparedTask, Comparison } from "../../api.ts";
import type { Read } from "./find.ts";
import { DURATION_MS } from "./order.ts";
import { getRun } from "./runs.ts";
import { type RunTasks, tasksOf } from "./run_tasks.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Tasks of a run that are compared. */
const MAX_TASKS = 200_000;

/** Tasks of each list. */
const LISTED = 100;

/** Rows that are read at a time. */
const SLICE_ROWS = 5_000;

/** Milliseconds by which a task must be slower or faster to be listed: less is noise. */
const NOISE_MS = 1;

type Side = ComparedTask["a"];

/** Compares two runs; `undefined` when one of them is not there. */
export async function compareRuns(
  read: Read,
  ids: { a: number; b: number },
): Promise<Comparison | undefined> {
  const [a, b] = read((reader) => [getRun(reader, ids.a), getRun(reader, ids.b)]);
  if (!a || !b) return;
  const before = await readSides(read, read((reader) => tasksOf(reader, a.id)!));
  const after = await readSides(read, read((reader) => tasksOf(reader, b.id)!));

  const pairs: ComparedTask[] = [];
  for (const [label, side] of after) {
    const other = before.get(label);
    if (other) pairs.push({ label, a: other, b: side });
  }
  const done = pairs.filter(({ a, b }) =>
    [a, b].every(({ status, durationMs }) => status === "done" && durationMs !== null)
  );
  const slower = done.filter((pair) => slowdown(pair) >= NOISE_MS);
  const faster = done.filter((pair) => slowdown(pair) <= -NOISE_MS);
  slower.sort((x, y) => slowdown(y) - slowdown(x));
  faster.sort((x, y) => slowdown(x) - slowdown(y));
  return {
    a,
    b,
    paired: pairs.length,
    onlyA: before.size - pairs.length,
    onlyB: after.size - pairs.length,
    newlyFailed: list(pairs.filter(({ a, b }) => b.status === "error" && a.status !== "error")),
    mended: list(pairs.filter(({ a, b }) => a.status === "error" && b.status === "done")),
    slower: list(slower),
    faster: list(faster),
    medianMs: {
      a: median(done.map(({ a }) => a.durationMs!)),
      b: median(done.map(({ b }) => b.durationMs!)),
    },
    partial: before.size >= MAX_TASKS || after.size >= MAX_TASKS,
  };
}

/** The tasks of a run by key, else by name; the last of each. */
async function readSides(
  read: Read,
  { condition, run, first, last }: RunTasks,
): Promise<Map<string, Side>> {
  const sides = new Map<string, Side>();
  let low = first;
  while (sides.size < MAX_TASKS) {
    const rows = read((reader) =>
      reader.all(
        `SELECT id, ${
          textStart(reader.has("task_runs", "key") ? "coalesce(key, name)" : "name", 300)
        } AS label, status, ${DURATION_MS} AS duration FROM task_runs
         WHERE id BETWEEN ? AND ? AND ${condition} ORDER BY id LIMIT ?`,
        low,
        last,
        run,
        SLICE_ROWS,
      )
    );
    for (const { id, label, status, duration } of rows) {
      sides.set(shorten(toText(label) ?? "", 300), {
        id: Number(id),
        status: toText(status) as TaskStatus,
        durationMs: duration === null ? null : Number(duration),
      });
    }
    if (rows.length < SLICE_ROWS) break;
    low = Number(rows.at(-1)!.id) + 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sides;
}

function slowdown({ a, b }: ComparedTask): number {
  return b.durationMs! - a.durationMs!;
}

function list(tasks: ComparedTask[]): { total: number; tasks: ComparedTask[] } {
  return { total: tasks.length, tasks: tasks.slice(0, LISTED) };
}

function median(numbers: number[]): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
