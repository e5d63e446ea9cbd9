/**
 * The log of a whole run: pages of it, searched, and all of it as text.
 *
 * Lines of all runs stand in one table in the order of their commits, without an index on the run, which would cost
 * the writer for each line. So they are looked at in slices, the newest first, with the thread free between two.
 *
 * @module
 */
import { LOG_LEVELS, type LogLevel } from "../../../../internal/log_level.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import type { RunLogLine, RunLogPage } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { lineOf, LOG_CHARACTERS, toLine } from "../logs.ts";
import { textParts } from "../long_text.ts";
import { ORIGINAL_RUN } from "../run_tasks.ts";
import { firstMatching, searchedColumn, searchIn, type TextSearch } from "../search/search.ts";
import type { Read } from "../slices.ts";
import { shorten, textStart, toText } from "../text.ts";
import { Turn } from "../turn.ts";

/** Lines of a slice, and of one that is read with its texts in full. */
const SLICE_LINES = 5_000;
const TEXT_LINES = 1_000;

/** Lines that one request looks at: the next one begins where it ended. */
const MAX_LOOKED_AT = 1_000_000;

/** Characters of a page. */
const PAGE_CHARACTERS = 200_000;

/** Which lines of a run's log. */
export interface LogFind {
  /** Text that the line contains. */
  q: string;
  /** Lines of this level and those above; all where none is named. */
  level: LogLevel | "";
  /** Lines of this task. */
  task: number | undefined;
}

/** A part of the log. */
interface LogRange {
  /** Lines after this one. */
  after: number;
  /** Lines before this one. */
  before: number;
}

/** A search, ready to be asked of one slice after another. */
interface LogQuery {
  conditions: string;
  params: SqlValue[];
  task: number | undefined;
  search: TextSearch | undefined;
}

/** The last lines of a run within a range that match. */
export async function readRunLog(
  read: Read,
  run: number,
  { find, range, limit, signal }: {
    find: LogFind;
    range: LogRange;
    limit: number;
    signal?: AbortSignal;
  },
): Promise<RunLogPage> {
  if (!read((reader) => reader.has("task_logs"))) return { lines: [], previous: null, last: 0 };
  const query = toQuery(run, find);
  const last = read((reader) => lastLine(reader, range));
  const turn = new Turn();
  let rows: SqlRow[] = [];
  let high = Math.min(range.before - 1, last);
  let low = high + 1;
  for (let seen = 0; seen < MAX_LOOKED_AT && low > range.after + 1; seen += SLICE_LINES) {
    signal?.throwIfAborted();
    const slice = { low: read((reader) => lowEdge(reader, query, range, high)), high };
    rows = [...read((reader) => select(reader, query, slice, limit + 1)), ...rows];
    low = slice.low;
    if (rows.length > limit) break;
    high = low - 1;
    await turn.pass();
  }
  const lines: RunLogLine[] = [];
  let left = PAGE_CHARACTERS;
  for (const row of rows.toReversed()) {
    const line = toLine(row);
    left -= line.message.length;
    if (lines.length === limit || (left < 0 && lines.length > 0)) break;
    lines.push({ ...line, task: { id: Number(row.task_id), name: "" } });
  }
  lines.reverse();
  const isAll = lines.length === rows.length;
  nameTasks(read, lines);
  return {
    lines,
    previous: !isAll ? lines[0]!.id : low > range.after + 1 ? low : null,
    last,
  };
}

/** All lines of a run after one that match, oldest first, some at a time. */
export async function* runLogLines(
  read: Read,
  run: number,
  { find, after = 0, signal }: { find: LogFind; after?: number; signal?: AbortSignal },
): AsyncGenerator<{ lines: RunLogLine[]; last: number }> {
  const query = toQuery(run, find);
  const turn = new Turn();
  let low = after + 1;
  while (read((reader) => reader.has("task_logs"))) {
    signal?.throwIfAborted();
    const { high, rows } = read((reader) => {
      const high = highEdge(reader, query, low);
      return { high, rows: high ? select(reader, query, { low, high }, TEXT_LINES) : [] };
    });
    if (!high) return;
    const lines = rows.map((row): RunLogLine => ({
      ...toLine(row),
      task: { id: Number(row.task_id), name: "" },
    }));
    nameTasks(read, lines);
    yield { lines, last: high };
    low = high + 1;
    await turn.pass();
  }
}

/** The log of a run as text: each line with its time, its level and its task. */
export async function* runLogParts(
  read: Read,
  run: number,
  options: { find: LogFind; signal?: AbortSignal },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for await (const { lines } of runLogLines(read, run, options)) {
    let text = "";
    for (const line of lines) {
      text += `${line.at} ${line.level} ${line.task.name}: `;
      if (line.cut) {
        yield encoder.encode(text);
        yield* textParts(read, lineOf(line.task.id, line.id));
        text = "\n";
      } else text += `${line.message}\n`;
    }
    if (text) yield encoder.encode(text);
  }
}

function toQuery(run: number, { q, level, task }: LogFind): LogQuery {
  const conditions = ["run_id IS ?"];
  const params: SqlValue[] = [run === ORIGINAL_RUN ? null : run];
  if (level !== "" && level !== "debug") {
    const levels = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
    conditions.push(`level IN (${levels.map(() => "?").join(", ")})`);
    params.push(...levels);
  }
  if (task !== undefined) {
    conditions.push("task_id = ?");
    params.push(task);
  }
  const search = q ? searchIn([searchedColumn("message")], q) : undefined;
  return { conditions: conditions.join(" AND "), params, task, search };
}

/** The last line of the file within a range. */
function lastLine(reader: Reader, { after, before }: LogRange): number {
  const row = reader.get("SELECT max(id) AS last FROM task_logs WHERE id < ?", before);
  return Math.max(after, Number(row?.last ?? 0));
}

/** Where the slice begins that ends at `high`. */
function lowEdge(reader: Reader, { task }: LogQuery, { after }: LogRange, high: number): number {
  const row = reader.get(
    `SELECT id FROM task_logs WHERE ${
      task === undefined ? "" : "task_id = ? AND "
    }id > ? AND id <= ?
     ORDER BY id DESC LIMIT 1 OFFSET ${SLICE_LINES - 1}`,
    ...(task === undefined ? [] : [task]),
    after,
    high,
  );
  return Number(row?.id ?? after + 1);
}

/** Where the slice ends that begins at `low`; `undefined` past the last line. */
function highEdge(reader: Reader, { task }: LogQuery, low: number): number | undefined {
  const row = reader.get(
    `SELECT max(id) AS id FROM (
       SELECT id FROM task_logs WHERE ${task === undefined ? "" : "task_id = ? AND "}id >= ?
       ORDER BY id LIMIT ${TEXT_LINES})`,
    ...(task === undefined ? [] : [task]),
    low,
  );
  return typeof row?.id === "number" ? row.id : undefined;
}

/** The last lines of one slice that match, oldest first. */
function select(
  reader: Reader,
  { conditions, params, search }: LogQuery,
  { low, high }: { low: number; high: number },
  limit: number,
): SqlRow[] {
  const part = (most: number) =>
    reader.all(
      `SELECT id, task_id, logged_at, level, ${search?.columns ?? "NULL"},
         ${textStart("message", LOG_CHARACTERS)} AS message FROM task_logs
       WHERE id BETWEEN ? AND ? AND ${conditions} AND ${search?.condition ?? "1"}
       ORDER BY id DESC LIMIT ?`,
      low,
      high,
      ...params,
      ...(search?.params ?? []),
      most,
    );
  return firstMatching(search, limit, part).reverse();
}

/** Gives lines the names of their tasks. */
function nameTasks(read: Read, lines: readonly RunLogLine[]): void {
  const ids = [...new Set(lines.map(({ task }) => task.id))];
  const rows = read((reader) =>
    reader.all(
      `SELECT id, ${textStart("name", 100)} AS name FROM task_runs
       WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(ids),
    )
  );
  const names = new Map(rows.map(({ id, name }) => [Number(id), shorten(toText(name) ?? "", 100)]));
  for (const { task } of lines) task.name = names.get(task.id) ?? "";
}
