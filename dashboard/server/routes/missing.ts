/**
 * The answers where a run or task is not there.
 *
 * @module
 */
import type { Context } from "hono";

/** There is no run of the id in the request. */
export function noSuchRun(c: Context): Response {
  return c.json({ error: `There is no run ${c.req.param("run") ?? "of one of these ids"}` }, 404);
}

/** There is no task of the id in the request. */
export function noSuchTask(c: Context): Response {
  return c.json({ error: `There is no task ${c.req.param("task")}` }, 404);
}
