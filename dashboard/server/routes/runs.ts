/**
 * The routes about runs.
 *
 * @module
 */
import type { Hono } from "hono";
import { renderExport } from "../export.ts";
import { InTurn, OneAtATime, toParts } from "../one_at_a_time.ts";
import { BadRequest, integer, runId, runQuery, taskQuery } from "../params.ts";
import { findRuns, narrows } from "../queries/answers/find_runs.ts";
import { compareRuns } from "../queries/answers/compare.ts";
import type { Read } from "../queries/find.ts";
import { readGraph } from "../queries/graph.ts";
import { getRun, listRuns } from "../queries/runs.ts";
import { listSamples } from "../queries/samples.ts";
import { readGrid } from "../queries/pipelines/grid.ts";
import { listTasks } from "../queries/tasks.ts";
import { readTimeline } from "../queries/timeline.ts";
import { readWeave } from "../queries/weave.ts";
import { noSuchRun } from "./missing.ts";

/** Adds them; `file` returns the name of the database for an export. */
export function addRuns(app: Hono, read: Read, file: () => string): void {
  const exports = new OneAtATime();
  const comparisons = new InTurn();
  app.get("/api/runs", async (c) => {
    const before = integer(c.req.query(), "before", {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      otherwise: Number.MAX_SAFE_INTEGER,
    });
    const limit = integer(c.req.query(), "limit", { min: 1, max: 200, otherwise: 50 });
    const query = runQuery(c.req.query());
    const { signal } = c.req.raw;
    return c.json(
      narrows(query)
        ? await findRuns(read, query, { before, limit, signal })
        : read((reader) => listRuns(reader, { before, limit })),
    );
  });
  app.get("/api/runs/:run", (c) => {
    const run = read((reader) => getRun(reader, runId(c.req.param())));
    return run ? c.json(run) : noSuchRun(c);
  });
  app.get("/api/runs/:run/tasks", async (c) => {
    const page = await listTasks(
      read,
      runId(c.req.param()),
      taskQuery(c.req.query()),
    );
    return page ? c.json(page) : noSuchRun(c);
  });
  app.get("/api/runs/:run/samples", (c) => {
    const run = runId(c.req.param());
    return read((reader) =>
      getRun(reader, run) ? c.json(listSamples(reader, run).samples) : noSuchRun(c)
    );
  });
  app.get("/api/runs/:run/weave", async (c) => {
    const weave = await readWeave(read, runId(c.req.param()));
    return weave ? c.json(weave) : noSuchRun(c);
  });
  app.get("/api/runs/:run/timeline", async (c) => {
    const timeline = await readTimeline(read, runId(c.req.param()));
    return timeline ? c.json(timeline) : noSuchRun(c);
  });
  app.get("/api/runs/:run/graph", async (c) => {
    const graph = await readGraph(read, runId(c.req.param()));
    return graph ? c.json(graph) : noSuchRun(c);
  });
  app.get("/api/runs/:run/export", async (c) => {
    const run = runId(c.req.param());
    const turn = exports.begin();
    if (!turn) {
      c.header("Retry-After", "10");
      return c.json(
        { error: "Cannot export a run while another is being exported. Try again" },
        503,
      );
    }
    try {
      const texts = await renderExport(read, { run, file: file() });
      if (texts && c.req.method !== "HEAD") {
        c.header("Content-Disposition", `attachment; filename="run_${run}.html"`);
        c.header("Content-Type", "text/html; charset=utf-8");
        return c.body(toParts(texts, turn));
      }
      turn[Symbol.dispose]();
      return texts ? c.html("") : noSuchRun(c);
    } catch (error) {
      turn[Symbol.dispose]();
      throw error;
    }
  });
  app.get("/api/grid", async (c) => {
    const { name } = runQuery(c.req.query());
    if (!name) throw new BadRequest("name must be that of a pipeline");
    const { signal } = c.req.raw;
    return c.json(await comparisons.run(signal, () => readGrid(read, name, signal)));
  });
  app.get("/api/compare", async (c) => {
    const [a, b] = [runId(c.req.query(), "a"), runId(c.req.query(), "b")];
    const { signal } = c.req.raw;
    const comparison = await comparisons.run(signal, () => compareRuns(read, { a, b }, signal));
    return comparison ? c.json(comparison) : noSuchRun(c);
  });
}
