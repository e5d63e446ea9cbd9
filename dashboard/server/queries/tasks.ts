/**
 * Queries about tasks: pages of them, and all about one.
 *
 * @module
 */
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import { isoNow } from "../../../internal/timestamps.ts";
import { isEnd, type TaskStatus } from "../../../internal/task_status.ts";
import { timeOf } from "../../../internal/units.ts";
import type { Task, TaskAttempt, TaskDetail, TaskPage, TaskQuery } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { tagsIn } from "./answers/tags.ts";
import { parseWrote, WROTE_CHARACTERS } from "./answers/written_rows.ts";
import { readTaskChecks } from "./answers/checks.ts";
import { countTasks, findTasks, type Read } from "./find.ts";
import type { TextPlace } from "./long_text.ts";
import { DURATION_MS } from "./order.ts";
import type { Found, PageCursor } from "./plan.ts";
import { getRun } from "./runs.ts";
import { ORIGINAL_RUN, statusColumns, tasksOf } from "./run_tasks.ts";
import { readCancelling } from "./requests.ts";
import { readSteps } from "./steps.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Characters of a text in a list: 300 to show, and one as a sign that there is more. */
const LIST_CHARACTERS = 301;

/** Characters of a text on the page of its task; all of it is at `/api/tasks/:task/texts/:field`. */
const FULL_CHARACTERS = 100_000;

/** Characters of the error of an earlier attempt; all of it is at `/api/tasks/:task/attempts/:attempt`. */
const ATTEMPT_CHARACTERS = 2_000;

/** Characters of the tags of a task together. */
const TAGS_CHARACTERS = 10_000;

/** The texts of a task. */
export const TEXT_FIELDS = ["message", "error", "result", "input"] as const;

/** Earlier attempts at a task that are shown: the last. */
const MAX_ATTEMPTS = 100;

/** How a page of tasks is read. */
export interface ListOptions {
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /** Gets what is found so far, in the order of the page, then the page before all that match are counted. */
  onPart?: ((page: TaskPage, isWhole: boolean) => void) | undefined;
}

/** A page of a run's tasks; `undefined` when there is no such run. */
export async function listTasks(
  read: Read,
  run: number,
  query: Omit<TaskQuery, "cursor"> & {
    place?: PageCursor | undefined;
    /** Whether all that match are counted, where a text or a key is looked for. */
    counts?: boolean;
  },
  { signal, onPart }: ListOptions = {},
): Promise<TaskPage | undefined> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return;
  const find = { ...query, limit: query.limit + 1 };
  const lacksKey = query.key && !read((reader) => reader.has("task_runs", "key"));
  const found = lacksKey ? [] : await findTasks(read, tasks, find, {
    signal,
    onPart: onPart && ((part) => onPart(toPage(read, query, part), false)),
  });
  const page = toPage(read, query, found);
  const isSearch = query.counts !== false && !lacksKey &&
    (query.q !== "" || query.key !== "" || !!query.cause);
  if (!isSearch) return page;
  onPart?.(page, true);
  return { found: await countTasks(read, tasks, find, signal), ...page };
}

/** The page of the tasks that were found: one more than it has where there are more. */
function toPage(
  read: Read,
  { limit, place }: { limit: number; place?: PageCursor | undefined },
  found: readonly Found[],
): TaskPage {
  const more = found.length > limit;
  // The row that shows that there is more is at the end that the search went towards.
  const page = place?.back ? found.slice(more ? 1 : 0) : found.slice(0, limit);
  const [before, after] = place?.back ? [more, true] : [!!place, more];
  // Where everything on the way is gone, one can turn round.
  const [first, last] = page.length > 0 ? [page[0], page.at(-1)] : [place, place];
  return {
    tasks: read((reader) => readTasks(reader, page.map(({ id }) => id))),
    next: after && last ? toCursor({ ...last, back: false }) : null,
    previous: before && first ? toCursor({ ...first, back: true }) : null,
  };
}

/** A place in an order as text. */
export function toCursor({ value, id, back }: PageCursor): string {
  return JSON.stringify([value, id, ...(back ? [1] : [])]);
}

/** The place that a cursor names; `undefined` when it is not one of ours. */
export function fromCursor(cursor: string): PageCursor | undefined {
  try {
    const [value, id, back] = JSON.parse(cursor);
    const isValue = typeof value === "string" || Number.isFinite(value);
    if (isValue && Number.isSafeInteger(id)) return { value, id, back: back === 1 };
  } catch {
    // The missing result shows it.
  }
  return undefined;
}

/** The rows of tasks, in the order of `ids`. Those that are gone are left out. */
export function readTasks(reader: Reader, ids: readonly number[]): Task[] {
  const rows = reader.all(
    `SELECT ${taskColumns(reader, LIST_CHARACTERS)} FROM task_runs
     WHERE id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  );
  const { tasks: cancelling } = readCancelling(reader);
  const byId = new Map(
    rows.map((row) => [Number(row.id), toTask(row, LIST_CHARACTERS, cancelling)]),
  );
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** All about one task. */
export function getTask(reader: Reader, id: number): TaskDetail | undefined {
  if (!reader.has("task_runs")) return;
  const row = reader.get(
    `SELECT ${taskColumns(reader, FULL_CHARACTERS)},
       ${textStart("result", FULL_CHARACTERS)} AS result,
       ${reader.has("task_runs", "input") ? textStart("input", FULL_CHARACTERS) : "NULL"} AS input,
       ${reader.has("task_runs", "worker") ? "worker" : "NULL AS worker"},
       ${reader.has("task_runs", "stage") ? "stage" : "NULL AS stage"},
       ${reader.has("task_runs", "tags") ? textStart("tags", TAGS_CHARACTERS) : "NULL"} AS tags,
       ${reader.has("task_runs", "wrote") ? textStart("wrote", WROTE_CHARACTERS) : "NULL"} AS wrote,
       ${reader.has("task_runs", "run_id") ? "run_id" : "NULL AS run_id"}
     FROM task_runs WHERE id = ?`,
    id,
  );
  if (!row) return;
  const texts = TEXT_FIELDS.map((field) => [field, toText(row[field])] as const);
  const cut = texts.filter(([, text]) => text !== null && text.length > FULL_CHARACTERS);
  const task = toTask(row, FULL_CHARACTERS, readCancelling(reader).tasks);
  const runId = Number(row.run_id ?? ORIGINAL_RUN);
  const { name, status, startedAt, cancelling } = getRun(reader, runId) ??
    { name: "", status: "running", startedAt: null, cancelling: false };
  const attempts = readAttempts(reader, id);
  if (task.startedAt !== null) {
    attempts.push({
      attempt: 1 + (attempts.at(-1)?.attempt ?? 0),
      status: task.status,
      startedAt: task.startedAt,
      finishedAt: task.finishedAt,
      worker: toText(row.worker),
      ...lastError(task),
    });
  }
  const checks = readTaskChecks(reader, task);
  const wrote = parseWrote(row.wrote);
  const tags = tagsIn(row.tags);
  return {
    ...task,
    ...(checks.length === 0 ? {} : { checks }),
    ...(wrote.length === 0 ? {} : { wrote }),
    ...(tags.length === 0 ? {} : { tags }),
    run: { id: runId, name, status, startedAt, cancelling },
    attempts,
    steps: readSteps(reader, id),
    result: texts[2]![1] && shorten(texts[2]![1], FULL_CHARACTERS),
    ...placeOf(reader, { run: runId, stage: toText(row.stage) }),
    waitedMs: waitOf(startedAt, attempts[0]?.startedAt ?? null),
    ...(texts[3]![1] === null ? {} : { input: shorten(texts[3]![1], FULL_CHARACTERS) }),
    cut: cut.map(([field]) => field),
  };
}

/** Which stage a task belongs to, and which process ran it. */
function placeOf(
  reader: Reader,
  { run, stage }: { run: number; stage: string | null },
): Pick<TaskDetail, "stage" | "host" | "pid"> {
  const process = reader.has("pipeline_runs", "host")
    ? reader.get("SELECT host, pid FROM pipeline_runs WHERE id = ?", run)
    : undefined;
  const host = toText(process?.host);
  return {
    ...(stage === null ? {} : { stage }),
    ...(host === null ? {} : { host }),
    ...(typeof process?.pid === "number" ? { pid: process.pid } : {}),
  };
}

function waitOf(from: string | null, to: string | null): number | null {
  const [begun, started] = [timeOf(from), timeOf(to)];
  return begun === null || started === null ? null : Math.max(0, started - begun);
}

/** The error of the last attempt, which is the task's own: it stands there already, so here is its start. */
function lastError({ error, message, status }: Task): Pick<TaskAttempt, "error" | "cut"> {
  const text = error ?? (status === "error" ? message : null);
  const cut = text !== null && text.length > ATTEMPT_CHARACTERS;
  return { error: text && shorten(text, ATTEMPT_CHARACTERS), cut };
}

/** A text of a task that is cut on its page. */
export type TextField = typeof TEXT_FIELDS[number];

/** Where a text of a task is in full. */
export function textOf(id: number, field: TextField): TextPlace {
  return { table: "task_runs", column: field, where: "id=?", params: [id] };
}

/** Where the error of an earlier attempt is in full. */
export function attemptErrorOf(id: number, attempt: number): TextPlace {
  const where = "task_id=? AND attempt=?";
  return { table: "task_attempts", column: "error", where, params: [id, attempt] };
}

/** The attempts at a task after which it was run again. */
function readAttempts(reader: Reader, task: number): TaskAttempt[] {
  if (!reader.has("task_attempts")) return [];
  const rows = reader.all(
    `SELECT attempt, status, started_at, finished_at, ${
      reader.has("task_attempts", "worker") ? "worker" : "NULL AS worker"
    }, ${textStart("error", ATTEMPT_CHARACTERS)} AS error
     FROM task_attempts WHERE task_id=? ORDER BY attempt DESC LIMIT ${MAX_ATTEMPTS}`,
    task,
  );
  return rows.reverse().map((row) => {
    const error = toText(row.error);
    return {
      attempt: Number(row.attempt),
      status: toText(row.status) as TaskStatus,
      startedAt: toText(row.started_at),
      finishedAt: toText(row.finished_at),
      worker: toText(row.worker),
      error: error && shorten(error, ATTEMPT_CHARACTERS),
      cut: error !== null && error.length > ATTEMPT_CHARACTERS,
    };
  });
}

function taskColumns(reader: Reader, characters: number): string {
  const ours = (column: string, value: string = column) =>
    reader.has("task_runs", column) ? value : `NULL AS ${column}`;
  const start = (column: string) => `${textStart(column, characters)} AS ${column}`;
  const { status, rewritten } = statusColumns(reader);
  return `id, ${start("name")}, ${status} AS status, ${rewritten} AS rewritten, progress,
    ${start("message")}, started_at, finished_at,
    ${ours("key", start("key"))}, ${ours("error", start("error"))}, ${ours("updated_at")}, ${
    ours("wakes_at")
  },
    ${DURATION_MS} AS duration`;
}

function toTask(row: SqlRow, characters: number, cancelling: ReadonlySet<number>): Task {
  const short = (value: SqlValue | undefined) => {
    const text = toText(value);
    return text && shorten(text, characters);
  };
  // The first line shows what it is, the others where.
  const error = toText(row.error);
  const wakesAt = row.status === "queued" ? toText(row.wakes_at) : null;
  return {
    id: Number(row.id),
    name: short(row.name) ?? "",
    key: short(row.key),
    status: toText(row.status) as TaskStatus,
    rewritten: short(row.rewritten),
    progress: Math.min(1, Math.max(0, Number(row.progress) || 0)),
    message: short(row.message),
    error: characters === FULL_CHARACTERS ? short(error) : short(error && error.split("\n", 1)[0]!),
    startedAt: toText(row.started_at),
    finishedAt: toText(row.finished_at),
    updatedAt: toText(row.updated_at),
    durationMs: row.duration === null ? null : Number(row.duration),
    cancelling: !isEnd(toText(row.status) as TaskStatus) && cancelling.has(Number(row.id)),
    ...(wakesAt !== null && wakesAt > isoNow() ? { sleepsUntil: wakesAt } : {}),
  };
}
