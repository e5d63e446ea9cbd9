/**
 * The routes about one task.
 *
 * @module
 */
import type { Hono } from "hono";
import { integer, taskId } from "../params.ts";
import type { Read } from "../queries/find.ts";
import { listHistory } from "../queries/history.ts";
import { listLogs } from "../queries/logs.ts";
import { getTask } from "../queries/tasks.ts";
import { noSuchTask } from "./missing.ts";

/** Adds them. */
export function addTasks(app: Hono, read: Read): void {
  app.get("/api/tasks/:task", (c) => {
    const task = read((reader) => getTask(reader, taskId(c.req.param())));
    return task ? c.json(task) : noSuchTask(c);
  });
  app.get("/api/tasks/:task/logs", (c) => {
    const task = taskId(c.req.param());
    const limit = integer(c.req.query(), "limit", { min: 1, max: 1_000, otherwise: 500 });
    const before = integer(c.req.query(), "before", {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      otherwise: Number.MAX_SAFE_INTEGER,
    });
    return read((reader) =>
      getTask(reader, task) ? c.json(listLogs(reader, task, { before, limit })) : noSuchTask(c)
    );
  });
  app.get("/api/tasks/:task/history", async (c) => {
    const task = read((reader) => getTask(reader, taskId(c.req.param())));
    return task ? c.json(await listHistory(read, task)) : noSuchTask(c);
  });
}
