/**
 * The tables of the pages as CSV.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { choice, logFind, runId, runQuery, taskQuery } from "../params.ts";
import {
  csvParts,
  durationRows,
  failureRows,
  logRows,
  runRows,
  taskRows,
} from "../queries/data/run_tables.ts";
import { toStream } from "../queries/long_text.ts";
import { getRun } from "../queries/runs.ts";
import type { Read } from "../queries/slices.ts";
import { noSuchRun } from "./missing.ts";

/** Adds them. */
export function addCsv(app: Hono, read: Read): void {
  app.get(
    "/api/csv",
    (c) => send(c, "runs", runRows(read, runQuery(c.req.query()), c.req.raw.signal)),
  );
  app.get("/api/runs/:run/csv/:table", (c) => {
    const run = runId({ run: c.req.param("run") });
    const table = c.req.param("table");
    const params = c.req.query();
    const { signal } = c.req.raw;
    const rows = {
      tasks: () => taskRows(read, run, taskQuery(params), signal),
      failures: () => failureRows(read, run, signal),
      durations: () => {
        const by = choice(params, "by", ["name", "stage", "tag"] as const);
        return durationRows(read, run, { by, signal });
      },
      log: () => logRows(read, run, logFind(params), signal),
    };
    if (!Object.hasOwn(rows, table)) {
      return c.json(
        { error: `There is no table ${table}: use ${Object.keys(rows).join(", ")}` },
        404,
      );
    }
    if (!read((reader) => getRun(reader, run))) return noSuchRun(c);
    return send(c, `run_${run}_${table}`, rows[table as keyof typeof rows]());
  });
}

function send(c: Context, name: string, rows: ReturnType<typeof runRows>): Response {
  c.header("Content-Disposition", `attachment; filename="${name}.csv"`);
  c.header("Content-Type", "text/csv; charset=utf-8; header=present");
  return c.req.method === "HEAD" ? c.body(null) : c.body(toStream(csvParts(rows)));
}
