/**
 * The routes of the dashboard as a Hono app, which can be mounted at any path of another.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { routePath } from "hono/route";
import type { DriverChoice } from "../db.ts";
import { type Access, guardHost, guardToken, signIn } from "./access.ts";
import { CONTENT_SECURITY_POLICY, findAsset, renderPage } from "./assets.ts";
import { addControl, type ControlledWriter } from "./control.ts";
import { renderExport } from "./export.ts";
import { Hub } from "./live/hub.ts";
import { RunView } from "./live/run_view.ts";
import { RunsView } from "./live/runs_view.ts";
import { TaskView } from "./live/task_view.ts";
import { Weaves } from "./live/weaves.ts";
import { formatMetrics } from "./metrics.ts";
import { BadRequest, integer, runId, taskId, taskQuery } from "./params.ts";
import { compareRuns } from "./queries/compare.ts";
import { readGraph } from "./queries/graph.ts";
import { listHistory } from "./queries/history.ts";
import { listLogs } from "./queries/logs.ts";
import { getRun, listRuns, listSamples } from "./queries/runs.ts";
import { getTask, listTasks } from "./queries/tasks.ts";
import { readTimeline } from "./queries/timeline.ts";
import { readWeave } from "./queries/weave.ts";
import { Source, SourceError } from "./source.ts";
import { newToken } from "./token.ts";
import type { Read } from "./queries/find.ts";

/** Options of {@linkcode createDashboard}. */
export interface DashboardOptions {
  /** The database: a path or a `file:` URL. It need not exist yet. */
  db: string | URL;
  /**
   * The SQLite driver. In the process of a pipeline it must be the pipeline's: pass `writer.driver` or
   * `report.driver` where you chose one.
   *
   * @default {"auto"}
   */
  driver?: DriverChoice;
  /**
   * Names, without ports, under which the dashboard may be asked for. Requests that carry another name in
   * their `Host` header are refused, which is what keeps other sites out.
   *
   * @default {["localhost", "127.0.0.1", "[::1]"]}
   */
  allowedHosts?: readonly string[];
  /** What whoever looks must know. Without one everybody may look who can send a request. */
  token?: string;
  /**
   * The writer of the pipeline beside which the dashboard is served. With it, runs can be cancelled and failed tasks
   * run again by whoever knows `controlToken`; without it nothing can be changed.
   */
  control?: ControlledWriter;
  /**
   * What whoever controls runs must know.
   *
   * @default {a random text}
   */
  controlToken?: string;
  /**
   * Browsers that may look on at the same time; more are answered with 503.
   *
   * @default {200}
   */
  maxStreams?: number;
}

/**
 * A Hono app that shows a database, and lets go of it when it is disposed of. It is named through its module
 * because a public type that is named directly would have to be documented here.
 */
export type DashboardApp = InstanceType<(typeof import("hono"))["Hono"]> & Disposable & {
  /** What whoever controls runs must know; `undefined` where nothing can be controlled. */
  readonly controlToken: string | undefined;
};

const EVENT_STREAM = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store, no-transform",
};

/** Names of this machine to itself. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Makes the dashboard of a database as a Hono app, to be served alone or mounted at any path of another app.
 * It opens a read-only connection of its own when it is asked for something first, in the thread it is made
 * in. To serve it from a Worker of its own, use {@linkcode serveDashboard}.
 *
 * @example Beside your own routes
 * ```ts
 * import { createDashboard } from "@pipeloom/pipeloom/dashboard";
 * import { Hono } from "hono";
 *
 * const app = new Hono();
 * app.get("/", (c) => c.text("Hello"));
 * app.route("/etl", createDashboard({ db: "etl.db" }));
 * // Deno.serve({ hostname: "127.0.0.1", port: 8000 }, app.fetch);
 * ```
 */
export function createDashboard(options: DashboardOptions): DashboardApp {
  const { db, driver, token, maxStreams = 200, allowedHosts = LOOPBACK_HOSTS } = options;
  if (token === "" || options.controlToken === "") {
    throw new TypeError("Cannot use an empty token: leave it out, or give it text");
  }
  const access: Access = { allowedHosts, token };
  const source = new Source(db, driver);
  const hub = new Hub(source, { maxStreams });
  const weaves = new Weaves();
  const read: Read = (query) => source.read(query);

  const app = new Hono();
  app.use(guardHost(access), compress());
  app.post("/api/session", signIn(access));
  app.use("/api/*", guardToken(access), readySource);
  app.use("/metrics", guardToken(access), readySource);
  app.use("/healthz", readySource);

  const controlToken = options.control && (options.controlToken ?? newToken());
  const control = options.control && addControl(app, options.control, {
    access: { controlToken: controlToken! },
    read,
  });

  app.get("/api/runs", (c) => {
    const before = integer(c.req.query(), "before", {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      otherwise: Number.MAX_SAFE_INTEGER,
    });
    const limit = integer(c.req.query(), "limit", { min: 1, max: 200, otherwise: 50 });
    return c.json(read((reader) => listRuns(reader, { before, limit })));
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
    const page = await renderExport(read, { run, file: source.state.file });
    if (page === undefined) return noSuchRun(c);
    c.header("Content-Disposition", `attachment; filename="run_${run}.html"`);
    return c.html(page);
  });
  app.get("/api/compare", async (c) => {
    const [a, b] = [runId(c.req.query(), "a"), runId(c.req.query(), "b")];
    const comparison = await compareRuns(read, { a, b });
    return comparison ? c.json(comparison) : noSuchRun(c);
  });
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
  app.get("/api/live", async (c) => {
    const watch = watchOf(c.req.query());
    // Nobody would ever read the stream, nor end it.
    if (c.req.raw.method === "HEAD") return c.body(null, 200, EVENT_STREAM);
    const lastEventId = c.req.header("Last-Event-ID");
    const stream = await hub.open({ ...watch, lastEventId });
    if (!stream) {
      c.header("Retry-After", "5");
      return c.json(
        { error: `There are ${hub.streams} browsers looking on: that is the most` },
        503,
      );
    }
    // The stream is cancelled when the browser goes. Deno.serve, which app.fetch has it from, tells it, too.
    const completed: Promise<void> | undefined = (c.env as Partial<Deno.ServeHandlerInfo>)
      ?.completed;
    completed?.finally(() => stream.close()).catch(() => {});
    return c.body(stream.body, 200, EVENT_STREAM);
  });

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
  app.get("/assets/:path{.+}", (c) => {
    const asset = findAsset(c.req.param("path"));
    if (!asset) return c.json({ error: "There is no such file" }, 404);
    return c.body(asset.text, 200, {
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  app.get("/", showPage);
  app.all("*", (c) => {
    const { method, path } = c.req;
    // Where the app is mounted at a path, a slash at its end is no other page.
    const isPage = path === routePath(c).slice(0, -1);
    const isSession = path.endsWith("/api/session");
    if (isSession ? method === "POST" : method === "GET" || method === "HEAD") {
      return isPage ? showPage(c) : c.json({ error: "There is nothing here" }, 404);
    }
    const allowed = isSession ? "POST" : "GET, HEAD";
    return c.json({ error: `${method} is not answered here: use ${allowed}` }, 405, {
      Allow: allowed,
    });
  });
  app.onError((error, c) => {
    if (error instanceof BadRequest) return c.json({ error: error.message }, 400);
    if (error instanceof SourceError) return c.json({ error: error.message }, 503);
    // What was stopped because nobody waits for it any longer is no failure.
    if (c.req.raw.signal.aborted) return c.body(null, 499 as 400);
    console.error(`The dashboard could not answer ${c.req.path}:`, error);
    return c.json({ error: "Something went wrong; the log of the dashboard says what" }, 500);
  });
  return Object.assign(app, {
    controlToken,
    [Symbol.dispose]() {
      control?.[Symbol.dispose]();
      hub.close();
      source[Symbol.dispose]();
    },
  });

  async function readySource(c: Context, next: () => Promise<void>): Promise<void> {
    await source.ready();
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  }

  function watchOf(params: Record<string, string>) {
    const view = params.view ?? "runs";
    switch (view) {
      case "runs":
        return { key: view, create: () => new RunsView() };
      case "run": {
        const run = runId(params);
        const query = taskQuery(params);
        const key = JSON.stringify([view, run, query]);
        return { key, create: () => new RunView({ run, query, weave: weaves.use(run) }) };
      }
      case "task": {
        const task = taskId(params);
        return { key: JSON.stringify([view, task]), create: () => new TaskView(task) };
      }
      default:
        throw new BadRequest("view must be runs, run or task");
    }
  }
}

function showPage(c: Context): Response {
  // Relative addresses begin below the page, whether its own ends with a slash or not.
  const last = c.req.path.split("/").at(-1)!;
  return c.html(renderPage(last === "" ? "./" : `./${last}/`), 200, {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",
  });
}

function noSuchRun(c: Context): Response {
  return c.json({ error: `There is no run ${c.req.param("run") ?? "of one of these ids"}` }, 404);
}

function noSuchTask(c: Context): Response {
  return c.json({ error: `There is no task ${c.req.param("task")}` }, 404);
}
