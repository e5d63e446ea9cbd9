/**
 * The routes about what went wrong in a run, what it wrote, what holds it up, and how long its tasks took.
 *
 * @module
 */
import type { Hono } from "hono";
import { choice, integer, runId } from "../params.ts";
import { readChecks } from "../queries/answers/checks.ts";
import { readDelays } from "../queries/answers/delays.ts";
import { readDurations } from "../queries/answers/durations.ts";
import { readFailures } from "../queries/answers/failures.ts";
import { readRunRows } from "../queries/answers/written_rows.ts";
import { getRun } from "../queries/runs.ts";
import type { Read } from "../queries/slices.ts";
import { noSuchRun } from "./missing.ts";

/** Adds them. */
export function addProblems(app: Hono, read: Read): void {
  app.get("/api/runs/:run/failures", async (c) => {
    const run = runId(c.req.param());
    const limit = integer(c.req.query(), "limit", { min: 1, max: 1_000, otherwise: 50 });
    const report = await readFailures(read, run, { limit, signal: c.req.raw.signal });
    return report ? c.json(report) : noSuchRun(c);
  });
  app.get("/api/runs/:run/durations", async (c) => {
    const params = c.req.query();
    const by = choice(params, "by", ["name", "stage", "tag"] as const);
    const against = params.against ? runId(params, "against") : undefined;
    const { signal } = c.req.raw;
    const run = runId(c.req.param());
    const durations = await readDurations(read, run, { by, against, signal });
    return durations ? c.json(durations) : noSuchRun(c);
  });
  app.get("/api/runs/:run/checks", async (c) => {
    const checks = await readChecks(read, runId(c.req.param()), c.req.raw.signal);
    return checks ? c.json(checks) : noSuchRun(c);
  });
  app.get("/api/runs/:run/rows", (c) => {
    const run = runId(c.req.param());
    return read((reader) => getRun(reader, run) ? c.json(readRunRows(reader, run)) : noSuchRun(c));
  });
  app.get("/api/runs/:run/delays", async (c) => {
    const delays = await readDelays(read, runId(c.req.param()), c.req.raw.signal);
    return delays ? c.json(delays) : noSuchRun(c);
  });
}
