/**
 * The routes about one task.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { integer, taskId } from "../params.ts";
import { readDependencies } from "../queries/answers/task_dependencies.ts";
import type { Read } from "../queries/find.ts";
import { listHistory } from "../queries/history.ts";
import { lineOf, listLogs, logParts } from "../queries/logs.ts";
import { hasText, textParts, toStream } from "../queries/long_text.ts";
import { attemptErrorOf, getTask, TEXT_FIELDS, type TextField, textOf } from "../queries/tasks.ts";
import { noSuchTask } from "./missing.ts";

/** Adds them. */
export function addTasks(app: Hono, read: Read): void {
  app.get("/api/tasks/:task", (c) => {
    const task = read((reader) => getTask(reader, taskId(c.req.param())));
    return task ? c.json(task) : noSuchTask(c);
  });
  app.get("/api/tasks/:task/texts/:field", (c) => {
    const { task, field } = c.req.param();
    const id = taskId({ task });
    if (!isText(field)) return c.json({ error: `A task has no text ${field}` }, 404);
    if (!read((reader) => getTask(reader, id))) return noSuchTask(c);
    return sendText(c, textParts(read, textOf(id, field)), `task_${id}_${field}.txt`);
  });
  app.get("/api/tasks/:task/attempts/:attempt", (c) => {
    const id = taskId({ task: c.req.param("task") });
    const range = { min: 1, max: Number.MAX_SAFE_INTEGER };
    const attempt = integer(c.req.param(), "attempt", range);
    const error = attemptErrorOf(id, attempt);
    if (!hasText(read, error)) {
      return c.json({ error: `There is no earlier attempt ${attempt} at task ${id}` }, 404);
    }
    return sendText(c, textParts(read, error), `task_${id}_attempt_${attempt}.txt`);
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
  app.get("/api/tasks/:task/logs/:line", (c) => {
    const id = taskId({ task: c.req.param("task") });
    const line = integer(c.req.param(), "line", { min: 1, max: Number.MAX_SAFE_INTEGER });
    const place = lineOf(id, line);
    if (!hasText(read, place)) {
      return c.json({ error: `There is no line ${line} of task ${id}` }, 404);
    }
    return sendText(c, textParts(read, place), `task_${id}_line_${line}.txt`);
  });
  app.get("/api/tasks/:task/log", (c) => {
    const id = taskId(c.req.param());
    if (!read((reader) => getTask(reader, id))) return noSuchTask(c);
    return sendText(c, logParts(read, id), `task_${id}.log`);
  });
  app.get("/api/tasks/:task/dependencies", async (c) => {
    const task = read((reader) => getTask(reader, taskId(c.req.param())));
    return task ? c.json(await readDependencies(read, task, c.req.raw.signal)) : noSuchTask(c);
  });
  app.get("/api/tasks/:task/history", async (c) => {
    const task = read((reader) => getTask(reader, taskId(c.req.param())));
    return task ? c.json(await listHistory(read, task)) : noSuchTask(c);
  });
}

/** Sends a text as a file, so that no browser shows it as a page, as fast as it is taken. */
function sendText(
  c: Context,
  parts: Generator<Uint8Array<ArrayBuffer>>,
  name: string,
): Response {
  c.header("Content-Disposition", `attachment; filename="${name}"`);
  c.header("Content-Type", "text/plain; charset=utf-8");
  return c.req.raw.method === "HEAD" ? c.body(null) : c.body(toStream(parts));
}

function isText(field: string): field is TextField {
  return TEXT_FIELDS.some((known) => known === field);
}
