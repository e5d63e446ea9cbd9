/**
 * Two runs side by side: what became slower, what fails now.
 *
 * @module
 */
import type { SqlValue } from "../../../../sqlite/values.ts";
import type { TaskStatus } from "../../../../internal/task_status.ts";
import type { ComparedTask, Comparison } from "../../../api.ts";
import { compareChecks } from "./checks.ts";
import { compareRows } from "./written_rows.ts";
import { WHOLE_MS } from "../order.ts";
import { plan } from "../plan.ts";
import { quantiles } from "../quantiles.ts";
import { getRun } from "../runs.ts";
import { type RunTasks, tasksOf } from "../run_tasks.ts";
import { type Read, slicesOf } from "../slices.ts";
import { LABEL_CHARACTERS, labelColumn } from "./task_label.ts";
import { shorten, toText } from "../text.ts";
import { Turn } from "../turn.ts";

/** Tasks of a run that are compared. */
const MAX_TASKS = 200_000;

/** Tasks of each list. */
const LISTED = 100;

/** Rows that are read at a time. */
const SLICE_ROWS = 2_000;

/** Tasks between two looks at the clock. */
const PAIRS_BETWEEN = 500;

/** Milliseconds by which a task must be slower or faster to be listed: less is noise. */
const NOISE_MS = 1;

type Side = ComparedTask["a"];

/** Compares two runs; `undefined` when one of them is not there. */
export async function compareRuns(
  read: Read,
  ids: { a: number; b: number },
  signal?: AbortSignal,
): Promise<Comparison | undefined> {
  const [a, b] = read((reader) => [getRun(reader, ids.a), getRun(reader, ids.b)]);
  if (!a || !b) return;
  const [tasksOfA, tasksOfB] = read((reader) => [tasksOf(reader, a.id), tasksOf(reader, b.id)]);
  if (!tasksOfA || !tasksOfB) return;
  const before = await readSides(read, tasksOfA, signal);
  const after = await readSides(read, tasksOfB, signal);

  const turn = new Turn();
  const newlyFailed = new Listed();
  const mended = new Listed();
  const slower = new Listed((pair) => slowdown(pair));
  const faster = new Listed((pair) => -slowdown(pair));
  const most = Math.min(before.size, after.size);
  const durations = { a: new Float64Array(most), b: new Float64Array(most) };
  let [seen, paired, done] = [0, 0, 0];
  for (const [label, side] of after) {
    const other = before.get(label);
    if (other) {
      paired++;
      const pair: ComparedTask = { label, a: other, b: side };
      if (side.status === "error" && other.status !== "error") newlyFailed.add(pair);
      if (side.status === "done" && other.status === "error") mended.add(pair);
      if (isDone(side) && isDone(other)) {
        durations.a[done] = other.durationMs!;
        durations.b[done++] = side.durationMs!;
        if (slowdown(pair) >= NOISE_MS) slower.add(pair);
        if (slowdown(pair) <= -NOISE_MS) faster.add(pair);
      }
    }
    if (++seen % PAIRS_BETWEEN === 0) await turn.pass();
  }
  const median = async (ms: Float64Array) => (await quantiles(ms.subarray(0, done), [0.5]))[0]!;
  return {
    a,
    b,
    paired,
    onlyA: before.size - paired,
    onlyB: after.size - paired,
    newlyFailed: newlyFailed.list(),
    mended: mended.list(),
    slower: slower.list(),
    faster: faster.list(),
    checks: await compareChecks(read, {
      a: { tasks: tasksOfA, isCompared: (label, id) => before.get(label)?.id === id },
      b: { tasks: tasksOfB, isCompared: (label, id) => after.get(label)?.id === id },
    }, signal),
    wrote: read((reader) => compareRows(reader, a.id, b.id)),
    medianMs: { a: await median(durations.a), b: await median(durations.b) },
    partial: before.size >= MAX_TASKS || after.size >= MAX_TASKS,
  };
}

/** The tasks of a run by key, else by name; the last of each. */
async function readSides(
  read: Read,
  tasks: RunTasks,
  signal?: AbortSignal,
): Promise<Map<string, Side>> {
  const sides = new Map<string, Side>();
  const query = plan(tasks, { status: [], q: "", key: "", sort: "id", limit: 1 });
  const slices = slicesOf(read, query, { status: undefined, signal, rows: SLICE_ROWS });
  for await (const { low, high } of slices) {
    const { ids, labels, statuses, durations } = read((reader) =>
      reader.get(
        `SELECT json_group_array(id) AS ids,
           CAST(json_group_array(CAST(${labelColumn(reader)} AS TEXT)) AS BLOB) AS labels,
           json_group_array(CAST(${tasks.status} AS TEXT)) AS statuses,
           json_group_array(${WHOLE_MS}) AS durations
         FROM task_runs WHERE id BETWEEN ? AND ? AND ${tasks.condition}`,
        low,
        high,
        tasks.run,
      )
    )!;
    // One row of lists is read in less than half the time of a row for each task.
    const list = <T>(text: SqlValue | undefined): T[] => JSON.parse(toText(text)!);
    const found = {
      labels: list<string | null>(labels),
      statuses: list<TaskStatus>(statuses),
      durations: list<number | null>(durations),
    };
    for (const [i, id] of list<number>(ids).entries()) {
      sides.set(shorten(found.labels[i] ?? "", LABEL_CHARACTERS), {
        id,
        status: found.statuses[i]!,
        durationMs: found.durations[i]!,
      });
    }
    if (sides.size >= MAX_TASKS) break;
  }
  return sides;
}

function slowdown({ a, b }: ComparedTask): number {
  return b.durationMs! - a.durationMs!;
}

function isDone({ status, durationMs }: Side): boolean {
  return status === "done" && durationMs !== null;
}

/** The first of a list that is too long to show, or those with the highest rank. */
class Listed {
  readonly #rank: (pair: ComparedTask) => number;
  #tasks: ComparedTask[] = [];
  #total = 0;

  constructor(rank: (pair: ComparedTask) => number = () => 0) {
    this.#rank = rank;
  }

  add(pair: ComparedTask): void {
    this.#total++;
    this.#tasks.push(pair);
    if (this.#tasks.length >= 10 * LISTED) this.#cut();
  }

  list(): { total: number; tasks: ComparedTask[] } {
    this.#cut();
    return { total: this.#total, tasks: this.#tasks };
  }

  /** The sort is stable, so that of equals the first stay. */
  #cut(): void {
    this.#tasks = this.#tasks.sort((x, y) => this.#rank(y) - this.#rank(x)).slice(0, LISTED);
  }
}
