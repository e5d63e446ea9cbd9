/**
 * The routes for those who watch over the dashboard itself.
 *
 * @module
 */
import type { Hono } from "hono";
import type { Hub } from "../live/hub.ts";
import { formatMetrics } from "../metrics.ts";
import { listRuns } from "../queries/runs.ts";
import type { DatabaseHandle } from "../database_handle.ts";

/** Adds them. */
export function addHealth(app: Hono, source: DatabaseHandle, hub: Hub): void {
  app.get("/healthz", (c) => {
    const { state } = source.state;
    return c.json({ status: state }, state === "ok" ? 200 : 503);
  });
  app.get("/metrics", (c) => {
    const up = source.state.state === "ok";
    const runs = source.read((reader) => listRuns(reader, { limit: 20 }).runs, () => []);
    return c.text(formatMetrics(runs, { up, streams: hub.streams }), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
}
