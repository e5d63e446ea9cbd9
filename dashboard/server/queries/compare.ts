/**
 * Two runs side by side: what became slower, what fails now.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { ComparedTask, Comparison } from "../../api.ts";
import type { Read } from "./find.ts";
import { compareRows } from "./answers/written_rows.ts";
import { compareChecks } from "./answers/checks.ts";
import { DURATION_MS } from "./order.ts";
import { getRun } from "./runs.ts";
import { type RunTasks, tasksOf } from "./run_tasks.ts";
import { shorten, textStart, toText } from "./text.ts";
import { Turn } from "./turn.ts";

/** Tasks of a run that are compared. */
const MAX_TASKS = 200_000;

/** Tasks of each list. */
const LISTED = 100;

/** Rows that are read at a time. */
const SLICE_ROWS = 2_000;

/** Pairs between two looks at the clock. */
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

  const labels = new Map(
    [before, after].flatMap((sides) => [...sides].map(([label, { id }]) => [id, label] as const)),
  );
  const turn = new Turn();
  const newlyFailed = new Listed();
  const mended = new Listed();
  const slower = new Listed((pair) => slowdown(pair));
  const faster = new Listed((pair) => -slowdown(pair));
  const durations = { a: [] as number[], b: [] as number[] };
  let paired = 0;
  for (const [label, side] of after) {
    const other = before.get(label);
    if (other) {
      paired++;
      const pair: ComparedTask = { label, a: other, b: side };
      if (side.status === "error" && other.status !== "error") newlyFailed.add(pair);
      if (side.status === "done" && other.status === "error") mended.add(pair);
      if (isDone(side) && isDone(other)) {
        durations.a.push(other.durationMs!);
        durations.b.push(side.durationMs!);
        if (slowdown(pair) >= NOISE_MS) slower.add(pair);
        if (slowdown(pair) <= -NOISE_MS) faster.add(pair);
      }
    }
    if (paired % PAIRS_BETWEEN === 0) await turn.pass();
  }
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
    checks: await compareChecks(read, { a: tasksOfA, b: tasksOfB, labels }, signal),
    wrote: read((reader) => compareRows(reader, a.id, b.id)),
    medianMs: { a: median(durations.a), b: median(durations.b) },
    partial: before.size >= MAX_TASKS || after.size >= MAX_TASKS,
  };
}

/** The tasks of a run by key, else by name; the last of each. */
async function readSides(
  read: Read,
  { condition, run, status, first, last }: RunTasks,
  signal?: AbortSignal,
): Promise<Map<string, Side>> {
  const sides = new Map<string, Side>();
  const turn = new Turn();
  let low = first;
  while (sides.size < MAX_TASKS) {
    signal?.throwIfAborted();
    const rows = read((reader) =>
      reader.all(
        `SELECT id, ${
          textStart(reader.has("task_runs", "key") ? "coalesce(key, name)" : "name", 300)
        } AS label, ${status} AS status, ${DURATION_MS} AS duration FROM task_runs
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
    await turn.pass();
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

function median(numbers: number[]): number | null {
  // Numbers of one type are sorted in place, in milliseconds.
  return Float64Array.from(numbers).sort()[Math.floor((numbers.length - 1) / 2)] ?? null;
}
