/**
 * The checks of a run, of a task, and of two runs. What counts is the last check of each name of a task: an attempt that
 * failed makes them again.
 *
 * @module
 */
import type { SqlRow } from "../../../../sqlite/values.ts";
import type { Check, ComparedChecks, Run, RunChecks } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { memoize } from "../memoize.ts";
import { type RunTasks, tasksOf } from "../run_tasks.ts";
import type { Read } from "../slices.ts";
import { LABEL_CHARACTERS, labelColumn } from "./task_label.ts";
import { shorten, textStart, toText } from "../text.ts";
import { Turn } from "../turn.ts";

/** Checks of each list. */
const LISTED = 100;

/** Characters of a text. */
const CHARACTERS = 300;

/** Checks that did not pass, of which those are counted that are the last of their names. */
const COUNTED = 1_000;

/** Rows that are read at a time: each may be of another task, whose label is read then. */
const SLICE_ROWS = 500;

/** Checks that did not pass, and checks that passed, of runs that are compared. */
const COMPARED = 100_000;

const text = (column: string) => `${textStart(column, CHARACTERS + 1)} AS ${column}`;

const COLUMNS = `id, task_id, ${text("name")}, passed, severity, ${text("value")}, ${
  text("expected")
}, checked_at`;

/** The checks of a run; `undefined` when there is no such run. */
export async function readChecks(
  read: Read,
  run: number,
  signal?: AbortSignal,
): Promise<RunChecks | undefined> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return;
  const lists: Record<Outcome, Check[]> = { failed: [], warned: [], passed: [] };
  const counts = { passed: 0, failed: 0, warned: 0 };
  for await (const check of lastChecks(read, tasks, signal)) {
    const outcome = outcomeOf(check);
    if (counts[outcome]++ < LISTED) lists[outcome].push(check);
  }
  const checks = [...lists.failed, ...lists.warned, ...lists.passed].slice(0, LISTED);
  read((reader) => nameTasks(reader, checks));
  return { ...counts, checks };
}

/** How many checks of a run did not pass; nothing where all did, or where no index finds them. */
export function countFailedChecks(
  reader: Reader,
  { id, finished_at: end }: SqlRow,
): Pick<Run, "checks"> {
  if (!reader.has("task_checks") || !hasFailedIndex(reader)) return {};
  const count = () => {
    const row = reader.get(
      `SELECT total(severity='warn') AS warned, count(*) AS n FROM (
         SELECT severity, task_id, name, id FROM task_checks
         WHERE run_id=? AND passed=0 LIMIT ${COUNTED}) AS c
       WHERE NOT EXISTS (SELECT 1 FROM task_checks AS later
         WHERE later.task_id=c.task_id AND later.name=c.name AND later.id>c.id)`,
      Number(id),
    )!;
    return { warned: Number(row.warned), failed: Number(row.n) - Number(row.warned) };
  };
  const checks = end === null ? count() : memoize(reader, `failed checks ${id} ${end}`, count);
  return checks.failed + checks.warned > 0 ? { checks } : {};
}

/** Whether the file was written since there is an index of checks that did not pass. */
function hasFailedIndex(reader: Reader): boolean {
  return memoize(reader, "index of failed checks", () =>
    Number(
      reader.get(
        "SELECT count(*) AS n FROM sqlite_schema WHERE type='index' AND name='idx_task_checks_failed'",
      )!.n,
    )) > 0;
}

/** The checks of a task, those first that did not pass. */
export function readTaskChecks(reader: Reader, task: { id: number; name: string }): Check[] {
  if (!reader.has("task_checks")) return [];
  const rows = reader.all(
    `SELECT ${COLUMNS}, max(id) FROM task_checks WHERE task_id=? GROUP BY name
     ORDER BY passed, severity, id LIMIT ${LISTED}`,
    task.id,
  );
  return rows.map((row) => ({ ...toCheck(row), task: task.name }));
}

/** A run whose checks are compared. */
export interface ComparedSide {
  /** Its tasks. */
  tasks: RunTasks;
  /** Whether a task of a label is the one of this id: of several, the last is compared. */
  isCompared(label: string, id: number): boolean;
}

/** How the checks of two runs differ. */
export async function compareChecks(
  read: Read,
  { a, b }: { a: ComparedSide; b: ComparedSide },
  signal?: AbortSignal,
): Promise<ComparedChecks> {
  const before = await sortChecks(read, a, signal);
  const after = await sortChecks(read, b, signal);
  const newlyFailed = [...after.failing].filter(([key]) => !before.failing.has(key));
  const mended = [...before.failing].filter(([key]) => after.passed.has(key));
  const list = (found: [string, Check][]) => {
    const checks = found.slice(0, LISTED).map(([, check]) => check);
    read((reader) => nameTasks(reader, checks));
    return { total: found.length, checks };
  };
  return {
    failing: { a: before.failing.size, b: after.failing.size },
    newlyFailed: list(newlyFailed),
    mended: list(mended),
  };
}

type Outcome = "failed" | "passed" | "warned";

function outcomeOf({ passed, severity }: Check): Outcome {
  return passed ? "passed" : severity === "warn" ? "warned" : "failed";
}

async function sortChecks(
  read: Read,
  { tasks, isCompared }: ComparedSide,
  signal?: AbortSignal,
): Promise<{ failing: Map<string, Check>; passed: Set<string> }> {
  const failing = new Map<string, Check>();
  const passed = new Set<string>();
  let task: { id: number; label: string } | undefined;
  for await (const check of lastChecks(read, tasks, signal)) {
    const { taskId: id } = check;
    if (task?.id !== id) task = { id, label: read((reader) => readLabel(reader, id)) };
    const { label } = task;
    if (!isCompared(label, id)) continue;
    const key = JSON.stringify([label, check.name]);
    if (!check.passed && failing.size < COMPARED) failing.set(key, check);
    if (check.passed && passed.size < COMPARED) passed.add(key);
  }
  return { failing, passed };
}

/** The last checks of a run, in the order of their tasks; their tasks have no names yet. */
async function* lastChecks(
  read: Read,
  { run, first, last }: RunTasks,
  signal?: AbortSignal,
): AsyncGenerator<Check> {
  if (run === null || !read((reader) => reader.has("task_checks"))) return;
  const turn = new Turn();
  let [task, id] = [first, 0];
  let ofTask = new Map<string, Check>();
  while (true) {
    signal?.throwIfAborted();
    const rows = read((reader) =>
      reader.all(
        `SELECT ${COLUMNS} FROM task_checks
         WHERE (task_id, id)>(?, ?) AND task_id<=? AND run_id=? ORDER BY task_id, id LIMIT ${SLICE_ROWS}`,
        task,
        id,
        last,
        run,
      )
    );
    for (const row of rows) {
      const check = toCheck(row);
      if (check.taskId !== task) {
        yield* ofTask.values();
        ofTask = new Map();
        task = check.taskId;
      }
      id = Number(row.id);
      ofTask.set(check.name, check);
    }
    if (rows.length < SLICE_ROWS) break;
    await turn.pass(signal);
  }
  yield* ofTask.values();
}

function toCheck(row: Record<string, unknown>): Check {
  const short = (value: unknown) => {
    const found = toText(value as never);
    return found && shorten(found, CHARACTERS);
  };
  return {
    taskId: Number(row.task_id),
    task: "",
    name: short(row.name) ?? "",
    passed: Boolean(row.passed),
    severity: String(row.severity),
    value: short(row.value),
    expected: short(row.expected),
    at: String(row.checked_at),
  };
}

function readLabel(reader: Reader, task: number): string {
  const row = reader.get(`SELECT ${labelColumn(reader)} AS label FROM task_runs WHERE id=?`, task);
  return shorten(toText(row?.label) ?? "", LABEL_CHARACTERS);
}

function nameTasks(reader: Reader, checks: readonly Check[]): void {
  const rows = reader.all(
    `SELECT id, ${text("name")} FROM task_runs WHERE id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(checks.map(({ taskId }) => taskId)),
  );
  const names = new Map(
    rows.map((row) => [Number(row.id), shorten(toText(row.name) ?? "", CHARACTERS)]),
  );
  for (const check of checks) check.task = names.get(check.taskId) ?? `task ${check.taskId}`;
}
