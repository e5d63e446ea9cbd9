/**
 * The failures of a run by their causes, counted in slices: the writer keeps no books about them.
 *
 * @module
 */
import { causeId } from "../../../../internal/text/failure_cause.ts";
import type { FailureCause, FailureReport } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { findTasks } from "../find.ts";
import { plan } from "../plan.ts";
import { type RunTasks, tasksOf } from "../run_tasks.ts";
import { causeIn, failureColumns } from "../search/search.ts";
import { once, type Read, slicesOf } from "../slices.ts";
import { shorten, textStart, toText } from "../text.ts";

/** Rows of a slice: their messages are folded, which takes some microseconds each. */
const SLICE_ROWS = 1_000;

/** Causes that are counted. Messages that cannot be folded are a cause each. */
const MAX_CAUSES = 10_000;

/** Characters of the error of a sample. */
const SAMPLE_CHARACTERS = 4_000;

/** How often a cause was met, in a slice or in all. */
interface Counted {
  text: string;
  count: number;
  firstAt: string | null;
  lastAt: string | null;
  /** The first task that failed so. */
  sample: number;
}

/** The failures of a run by their causes, the most frequent first; `undefined` when there is no such run. */
export async function readFailures(
  read: Read,
  run: number,
  { limit, signal }: { limit: number; signal?: AbortSignal },
): Promise<FailureReport | undefined> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return;
  const wanted = plan(tasks, { status: ["error"], q: "", key: "", sort: "id", limit });
  const query = { ...wanted, sliced: true };
  const causes = new Map<string, Counted>();
  let total = 0;
  for await (const range of slicesOf(read, query, { status: "error", signal, rows: SLICE_ROWS })) {
    const found = read((reader) =>
      once(
        reader,
        query,
        { range, status: "error", what: "causes" },
        () => countSlice(reader, tasks, range),
      )
    );
    for (const cause of found) {
      total += cause.count;
      add(causes, cause);
    }
  }
  const ranked = [...causes.values()].sort((a, b) =>
    b.count - a.count || (a.lastAt! < b.lastAt! ? 1 : -1)
  );
  const shown = ranked.slice(0, limit);
  const samples = read((reader) => readSamples(reader, tasks, shown.map(({ sample }) => sample)));
  return {
    total,
    causes: shown.map(({ text, count, firstAt, lastAt, sample }) => ({
      id: causeId(text),
      text,
      count,
      share: count / total,
      firstAt,
      lastAt,
      sample: samples.get(sample) ?? { id: sample, name: "", error: null },
    })),
    left: ranked.length - shown.length,
  };
}

/** The ids of the tasks that failed of a cause. */
export async function findFailures(
  read: Read,
  run: number,
  cause: string,
  signal?: AbortSignal,
): Promise<number[]> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return [];
  const limit = Number.MAX_SAFE_INTEGER;
  const find = { status: [], q: "", key: "", cause, sort: "id", limit } as const;
  return (await findTasks(read, tasks, { ...find, status: [] }, { signal })).map(({ id }) => id);
}

function countSlice(
  reader: Reader,
  tasks: RunTasks,
  { low, high }: { low: number; high: number },
): Counted[] {
  const rows = reader.all(
    `SELECT id, finished_at, ${failureColumns(tasks)} FROM task_runs
     WHERE ${tasks.status} = 'error' AND id BETWEEN ? AND ? AND ${tasks.condition} ORDER BY id`,
    low,
    high,
    tasks.run,
  );
  const causes = new Map<string, Counted>();
  for (const row of rows) {
    const at = toText(row.finished_at);
    add(causes, { text: causeIn(row), count: 1, firstAt: at, lastAt: at, sample: Number(row.id) });
  }
  return [...causes.values()];
}

/** Adds what was counted of a cause, and leaves new ones out past the limit. */
function add(
  causes: Map<string, Counted>,
  { text, count, firstAt, lastAt, sample }: Counted,
): void {
  const known = causes.get(text);
  if (!known) {
    if (causes.size < MAX_CAUSES) causes.set(text, { text, count, firstAt, lastAt, sample });
    return;
  }
  known.count += count;
  // Tasks do not end in the order of their ids.
  if (firstAt !== null && !(known.firstAt! <= firstAt)) known.firstAt = firstAt;
  if (lastAt !== null && !(known.lastAt! >= lastAt)) known.lastAt = lastAt;
}

function readSamples(
  reader: Reader,
  { hasErrors }: RunTasks,
  ids: readonly number[],
): Map<number, FailureCause["sample"]> {
  const error = hasErrors ? "coalesce(error, message)" : "message";
  const rows = reader.all(
    `SELECT id, ${textStart("name", 300)} AS name,
       ${textStart(`(${error})`, SAMPLE_CHARACTERS)} AS error
     FROM task_runs WHERE id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  );
  return new Map(rows.map((row) => {
    const [name, text] = [toText(row.name), toText(row.error)];
    return [Number(row.id), {
      id: Number(row.id),
      name: shorten(name ?? "", 300),
      error: text && shorten(text, SAMPLE_CHARACTERS),
    }];
  }));
}
