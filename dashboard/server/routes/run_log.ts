/**
 * The routes about the log of a whole run.
 *
 * @module
 */
import type { Hono } from "hono";
import { integer, logFind, runId } from "../params.ts";
import { readRunLog, runLogParts } from "../queries/answers/run_log.ts";
import { toStream } from "../queries/long_text.ts";
import { getRun } from "../queries/runs.ts";
import type { Read } from "../queries/slices.ts";
import { noSuchRun } from "./missing.ts";

/** Adds them. */
export function addRunLog(app: Hono, read: Read): void {
  app.get("/api/runs/:run/logs", async (c) => {
    const run = runId(c.req.param());
    const params = c.req.query();
    const max = Number.MAX_SAFE_INTEGER;
    const options = {
      find: logFind(params),
      limit: integer(params, "limit", { min: 1, max: 1_000, otherwise: 500 }),
      range: {
        after: integer(params, "after", { min: 0, max, otherwise: 0 }),
        before: integer(params, "before", { min: 1, max, otherwise: max }),
      },
      signal: c.req.raw.signal,
    };
    if (!read((reader) => getRun(reader, run))) return noSuchRun(c);
    return c.json(await readRunLog(read, run, options));
  });
  app.get("/api/runs/:run/log", (c) => {
    const run = runId(c.req.param());
    const find = logFind(c.req.query());
    if (!read((reader) => getRun(reader, run))) return noSuchRun(c);
    c.header("Content-Disposition", `attachment; filename="run_${run}.log"`);
    c.header("Content-Type", "text/plain; charset=utf-8");
    if (c.req.method === "HEAD") return c.body(null);
    return c.body(toStream(runLogParts(read, run, { find, signal: c.req.raw.signal })));
  });
}
