/**
 * Queries about the logs of tasks.
 *
 * A page takes the beginnings of lines, as many as fit some kilobytes: a line may have megabytes, and there may be a
 * million of them. All of a line, and all of a log, are answers of their own.
 *
 * @module
 */
import type { SqlRow } from "../../../sqlite/values.ts";
import type { LogLine, LogPage } from "../../api.ts";
import type { Reader } from "../reader.ts";
import type { Read } from "./find.ts";
import { textParts, type TextPlace } from "./long_text.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Characters of a line of a log. */
export const LOG_CHARACTERS = 2_000;

/** Characters of the lines of a page by default. */
const PAGE_CHARACTERS = 200_000;

/** Bytes of a log that are read at a time when all of it is wanted, and lines. */
const PART_BYTES = 200_000;
const PART_LINES = 1_000;

/** Which lines of a log. */
export interface LogRange {
  /** Lines after this one. */
  after?: number;
  /** Lines before this one. */
  before?: number;
  /** Lines at most. */
  limit: number;
  /** Characters at most; one line always fits. */
  characters?: number;
}

/** The last lines of a task's log within a range. */
export function listLogs(reader: Reader, task: number, range: LogRange): LogPage {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, limit } = range;
  const { characters = PAGE_CHARACTERS } = range;
  if (!reader.has("task_logs")) return { lines: [], previous: null };
  const rows = reader.all(
    `SELECT id, logged_at, level, ${textStart("message", LOG_CHARACTERS)} AS message FROM task_logs
     WHERE task_id = ? AND id > ? AND id < ? ORDER BY id DESC LIMIT ?`,
    task,
    after,
    before,
    limit + 1,
  );
  const lines: LogLine[] = [];
  let left = characters;
  for (const row of rows.slice(0, limit)) {
    const line = toLine(row);
    left -= line.message.length;
    if (left < 0 && lines.length > 0) break;
    lines.push(line);
  }
  lines.reverse();
  return { lines, previous: lines.length < rows.length ? lines[0]!.id : null };
}

/**
 * The lines after one, oldest first, and whether there are more. Where their texts are too much, it is the last that
 * fit, and others are skipped.
 */
export function listNewLogs(
  reader: Reader,
  task: number,
  range: Required<Omit<LogRange, "before">>,
): { lines: LogLine[]; more: boolean; skipped: boolean } {
  if (!reader.has("task_logs")) return { lines: [], more: false, skipped: false };
  const { after, limit, characters } = range;
  const lines = reader.all(
    `SELECT id, logged_at, level, ${textStart("message", LOG_CHARACTERS)} AS message FROM task_logs
     WHERE task_id = ? AND id > ? ORDER BY id LIMIT ?`,
    task,
    after,
    limit,
  ).map(toLine);
  if (lines.reduce((sum, { message }) => sum + message.length, 0) <= characters) {
    return { lines, more: lines.length === limit, skipped: false };
  }
  const last = listLogs(reader, task, range);
  return { lines: last.lines, more: false, skipped: last.previous !== null };
}

/** Where all of one line's text is. */
export function lineOf(task: number, line: number): TextPlace {
  return {
    table: "task_logs",
    column: "message",
    where: "task_id=? AND id=?",
    params: [task, line],
  };
}

/** All of a task's log as text: each line with its time and its level. */
export function* logParts(read: Read, task: number): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (let after = 0;;) {
    const rows = read((reader) => readPart(reader, task, after));
    const last = rows.at(-1);
    if (!last) return;
    after = Number(last.id);
    const text = ({ logged_at, level, message }: SqlRow) =>
      `${toText(logged_at)} ${toText(level)} ${toText(message) ?? ""}`;
    if (rows.length === 1 && last.message === null) {
      // It is longer than a part by itself, or empty.
      yield encoder.encode(text(last));
      yield* textParts(read, lineOf(task, after));
      yield encoder.encode("\n");
    } else yield encoder.encode(rows.map((row) => `${text(row)}\n`).join(""));
  }
}

/** The next lines that fit a part; one that does not comes alone, without its text. */
function readPart(reader: Reader, task: number, after: number): SqlRow[] {
  if (!reader.has("task_logs")) return [];
  const sizes = reader.all(
    `SELECT id, length(CAST(message AS BLOB)) AS size FROM task_logs
     WHERE task_id=? AND id>? ORDER BY id LIMIT ?`,
    task,
    after,
    PART_LINES,
  );
  let left = PART_BYTES;
  const tooMuch = sizes.findIndex(({ size }, i) => (left -= Number(size)) < 0 && i > 0);
  const last = sizes.at(tooMuch === -1 ? -1 : tooMuch - 1);
  if (!last) return [];
  const isLong = Number(last.size) > PART_BYTES;
  return reader.all(
    `SELECT id, logged_at, level, ${
      isLong ? "NULL" : "CAST(message AS BLOB)"
    } AS message FROM task_logs
     WHERE task_id=? AND id>? AND id<=? ORDER BY id`,
    task,
    after,
    last.id!,
  );
}

/** A row of a log whose text was read up to some characters. */
export function toLine(row: SqlRow): LogLine {
  const text = toText(row.message) ?? "";
  const message = shorten(text, LOG_CHARACTERS);
  return {
    id: Number(row.id),
    at: String(row.logged_at),
    level: String(row.level),
    message,
    ...(message.length < text.length ? { cut: true as const } : {}),
  };
}
