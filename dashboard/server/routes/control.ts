/**
 * What may be asked of runs from the dashboard, where it runs beside a pipeline: to cancel, and to run again what
 * failed. It goes to the pipeline's writer over a port, as any message does; the dashboard's own connection stays
 * read-only. Without a writer there are no such routes.
 *
 * @module
 */
import { delay } from "../../../internal/delay.ts";
import type { Context, Hono } from "hono";
import { BatchSender } from "../../../writer/client/batch_sender.ts";
import { guardControl, guardOrigin } from "../access/guard_control.ts";
import type { Access } from "../access/guard_token.ts";
import type { ControlResult, Run } from "../../api.ts";
import type { DatabaseHost } from "../pipeline_host.ts";
import { refuse } from "./pipelines.ts";
import { runId, taskId } from "../params.ts";
import { chooseTasks } from "../queries/answers/chosen_tasks.ts";
import type { Read } from "../queries/find.ts";
import { readAnswer } from "../queries/requests.ts";
import { getRun } from "../queries/runs.ts";
import { getTask } from "../queries/tasks.ts";
import { noSuchRun, noSuchTask } from "./missing.ts";

/** Milliseconds that an answer waits for a request to take effect: most have by then. */
const EFFECT_MS = 1_000;

/** Milliseconds between two looks. */
const LOOK_MS = 25;

/** Milliseconds after which a silent writer is taken to be gone. */
const WRITER_MS = 5_000;

/**
 * A writer, as far as the dashboard knows it.
 *
 * @example Any writer
 * ```ts ignore
 * import type { ControlledWriter } from "@pipeloom/pipeloom/dashboard";
 *
 * import { SqliteWriter } from "@pipeloom/pipeloom";
 *
 * const writer: ControlledWriter = await SqliteWriter.open({ db: "etl.db" });
 * ```
 */
export interface ControlledWriter {
  /** Makes a port to it. */
  attach(): MessagePort | Promise<MessagePort>;
}

/** A request. */
interface Asked {
  action: "cancel" | "retry";
  run: number;
  taskId: number | null;
  taskIds?: readonly number[];
}

/** Adds the routes that change something. Disposing it gives the port back. */
export function addControl(
  app: Hono,
  writer: ControlledWriter,
  { controlToken, access, read, host }: {
    controlToken: string;
    access: Access;
    read: Read;
    host?: DatabaseHost | undefined;
  },
): Disposable {
  let batchSender: BatchSender | undefined;
  const guards = [guardControl(controlToken, access), guardOrigin(access)] as const;

  app.get("/api/control", guards[0], (c) => c.body(null, 204));
  for (const action of ["cancel", "retry"] as const) {
    app.post(`/api/runs/:run/${action}`, ...guards, async (c) => {
      const id = runId(c.req.param() as { run: string });
      const run = read((reader) => getRun(reader, id));
      if (!run) return noSuchRun(c);
      const wanted = { run: id, action, params: c.req.query() };
      const taskIds = await chooseTasks(read, wanted, c.req.raw.signal);
      if (taskIds?.length === 0) {
        return c.json({ error: `Run ${id} has no such tasks to ${action}` }, 404);
      }
      if (action === "retry" && run.status !== "running" && host) {
        return await resume(c, host, run, taskIds);
      }
      if (action === "cancel" && !taskIds) host?.cancel(id);
      return ask(c, { action, run: id, taskId: null, ...(taskIds ? { taskIds } : {}) });
    });
    app.post(`/api/tasks/:task/${action}`, ...guards, (c) => {
      const id = taskId(c.req.param() as { task: string });
      const task = read((reader) => getTask(reader, id));
      if (!task) return noSuchTask(c);
      const run = read((reader) => getRun(reader, task.run.id));
      if (action === "retry" && run && run.status !== "running" && host) {
        return resume(c, host, run, [id]);
      }
      return ask(c, { action, run: task.run.id, taskId: id });
    });
  }
  if (host) {
    app.post("/api/runs/:run/resume", ...guards, async (c) => {
      const id = runId(c.req.param() as { run: string });
      const run = read((reader) => getRun(reader, id));
      return run ? await resume(c, host, run) : noSuchRun(c);
    });
  }
  return { [Symbol.dispose]: () => batchSender?.close() };

  async function ask(c: Context, asked: Asked): Promise<Response> {
    let request: number;
    try {
      batchSender ??= new BatchSender(await writer.attach());
      request = await inTime(batchSender.request({ kind: "request_control", ...asked }));
    } catch (error) {
      const { name, message } = error as Error;
      const isGone = /^Writer(Closed|Died)Error$|^TimeoutError$/.test(name);
      return c.json({ error: message }, isGone ? 503 : 409);
    }
    for (const until = performance.now() + EFFECT_MS; performance.now() < until;) {
      const answered = read((reader) => readAnswer(reader, request));
      if (answered?.refused) return c.json({ error: answered.answer }, 409);
      if (answered) return c.json<ControlResult>({ request, answer: answered.answer });
      await delay(LOOK_MS);
    }
    return c.json<ControlResult>({ request, answer: null }, 202);
  }
}

/** Continues a run that has ended, or some of its tasks, where the server has its definition. */
async function resume(
  c: Context,
  host: DatabaseHost,
  run: Run,
  tasks?: readonly number[],
): Promise<Response> {
  const started = await host.resume(run, tasks);
  if (!started) {
    const command = `pipeloom run <file> --resume ${run.id}`;
    return c.json({
      error: `The definition of ${run.name} is not served here; ${command} continues it`,
    }, 409);
  }
  if ("error" in started) return refuse(c, started);
  return c.json(started, started.run === null ? 202 : 201);
}

/** A writer that is closed in another thread answers nothing any more. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const text =
    "Cannot ask the writer: it does not answer, because it is closed or waits for a lock";
  const timer = setTimeout(() => late.reject(new DOMException(text, "TimeoutError")), WRITER_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
