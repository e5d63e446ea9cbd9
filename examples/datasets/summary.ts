/**
 * What a run did, read back from its database. Everything shown is in `task_runs`, where a dashboard or
 * the `sqlite3` shell finds it too.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** One file of a run. */
export interface FileLine {
  /** The file's name. */
  file: string;
  /** How many rows were loaded; `null` if the task failed. */
  rows: number | null;
  /** From the task's start to its end; `null` if it never started. */
  seconds: number | null;
  /** The task's status. */
  status: string;
}

/** A run, as its database shows it. */
export interface Summary {
  /** The files, in the order in which they were queued. */
  files: FileLine[];
  /** How many of the files have a table. */
  tables: number;
  /** The size of the database in bytes. */
  bytes: number;
}

const FILES = `
  SELECT name AS file, status, json_extract(result, '$.rows') AS rows,
    round((julianday(finished_at) - julianday(started_at)) * 86400, 3) AS seconds
  FROM task_runs WHERE run_id = ? ORDER BY id`;

const TABLES = `
  SELECT count(*) AS tables FROM sqlite_schema
  WHERE type = 'table' AND name IN (SELECT key FROM task_runs WHERE run_id = ?)`;

const BYTES = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";

/**
 * Reads a run back, through a connection that cannot write.
 *
 * @param path The database.
 * @param runId The run.
 * @returns Its files and totals.
 */
export function readSummary(path: string, runId: number): Summary {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return {
      files: db.prepare(FILES).all(runId) as unknown as FileLine[],
      tables: Number(db.prepare(TABLES).get(runId)!.tables),
      bytes: Number(db.prepare(BYTES).get()!.bytes),
    };
  } finally {
    db.close();
  }
}

/**
 * Formats a run as an aligned table with its totals below.
 *
 * @param summary The run.
 * @param elapsedMs How long it took, in milliseconds.
 * @returns Lines of text.
 */
export function formatSummary({ files, tables, bytes }: Summary, elapsedMs: number): string {
  const lines = [
    ["file", "rows", "seconds", "status"],
    ...files.map(({ file, rows, seconds, status }) => [
      file,
      rows?.toLocaleString("en") ?? "-",
      seconds?.toFixed(2) ?? "-",
      status,
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  const aligned = lines.map(([file, rows, seconds, status]) =>
    [file!.padEnd(widths[0]!), rows!.padStart(widths[1]!), seconds!.padStart(widths[2]!), status]
      .join("  ")
  );
  const total = files.reduce((sum, line) => sum + (line.rows ?? 0), 0);
  return [
    ...aligned,
    "",
    `${files.length} files, ${total.toLocaleString("en")} rows, ${tables} tables, ` +
    `${(elapsedMs / 1000).toFixed(2)} s, ${(bytes / 1024 / 1024).toFixed(1)} MiB`,
  ].join("\n");
}
