/**
 * The routes of the dashboard as a Hono app, which can be mounted at any path of another.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { checkOptionNames, namesOf } from "../../internal/validate.ts";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import { fixedHeaders, guardHost, guardNavigation, guardSite } from "./access/guard_host.ts";
import { type Access, guardProbe, guardToken, newAccess, signIn } from "./access/guard_token.ts";
import { checkOrigins } from "./access/origins.ts";
import { checkToken, newToken } from "./access/token.ts";
import { Hub } from "./live/hub.ts";
import { BadRequest } from "./params.ts";
import type { Read } from "./queries/find.ts";
import { addControl, type ControlledWriter } from "./routes/control.ts";
import { addCsv } from "./routes/csv.ts";
import { addData } from "./routes/data.ts";
import { addHealth } from "./routes/health.ts";
import { addLive } from "./routes/live.ts";
import { addOpenapi } from "./routes/openapi.ts";
import { addPage } from "./routes/page.ts";
import { addPipelines } from "./routes/pipelines.ts";
import { addProblems } from "./routes/problems.ts";
import { addRunLog } from "./routes/run_log.ts";
import { addRuns } from "./routes/runs.ts";
import { addTasks } from "./routes/tasks.ts";
import type { DatabaseHost } from "./pipeline_host.ts";
import { DatabaseHandle, SourceError } from "./database_handle.ts";

/**
 * Options of {@linkcode createDashboard}.
 *
 * @example Behind a proxy
 * ```ts ignore
 * import type { DashboardOptions } from "@pipeloom/pipeloom/dashboard";
 *
 * const options: DashboardOptions = {
 *   db: "etl.db",
 *   allowedOrigins: ["https://etl.example"],
 *   token: "a long random text",
 * };
 * ```
 */
export interface DashboardOptions {
  /** The database: a path or a `file:` URL. It may be created later. */
  db: string | URL;
  /**
   * The SQLite driver. In the process of a pipeline it must be the pipeline's: pass `writer.driver` or
   * `report.driver` where you chose one.
   *
   * @default {"auto"}
   */
  driver?: DriverChoice | undefined;
  /**
   * Accepted `Host` values, without ports. Requests under other names are refused, which keeps other sites out.
   * `/healthz` accepts any name, and so does `/metrics` with the token.
   *
   * @default {["localhost", "127.0.0.1", "[::1]"]}
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Origins of proxies in front, such as `https://etl.example`: runs can be controlled from their pages. Their hosts
   * are accepted, too.
   *
   * @default {[]}
   */
  allowedOrigins?: readonly string[] | undefined;
  /** Viewer access token, of visible ASCII characters. Without one, every request is answered. */
  token?: string | undefined;
  /**
   * The writer of a pipeline in this process. With it, `controlToken` allows cancelling runs and retrying tasks;
   * without it nothing can be changed.
   */
  writer?: ControlledWriter | undefined;
  /**
   * Token for controlling runs.
   *
   * @default {a random text}
   */
  controlToken?: string | undefined;
  /**
   * Whether the tables of the file can be read: the Data page and `api/data`. Who may see the dashboard sees all rows.
   *
   * @default {true}
   */
  data?: boolean | undefined;
  /**
   * Maximum number of browsers that watch at the same time; others get 503.
   *
   * @default {200}
   */
  maxClients?: number | undefined;
}

/** The table of {@linkcode DashboardOptions}. */
export const DASHBOARD_OPTIONS = namesOf<DashboardOptions>({
  allowedHosts: true,
  allowedOrigins: true,
  controlToken: true,
  data: true,
  db: true,
  driver: true,
  maxClients: true,
  token: true,
  writer: true,
});

/** Names of earlier versions. */
export const RENAMED_OPTIONS = { control: "writer", maxStreams: "maxClients" };

/**
 * A Hono app that shows a database, and lets go of it when it is disposed of. It is named through its module
 * because a public type that is named directly would have to be documented here.
 *
 * @example Served by Deno
 * ```ts ignore
 * import type { DashboardApp } from "@pipeloom/pipeloom/dashboard";
 *
 * const serve = (app: DashboardApp) => Deno.serve({ hostname: "127.0.0.1" }, app.fetch);
 * ```
 */
export type DashboardApp = InstanceType<(typeof import("hono"))["Hono"]> & Disposable & {
  /** The token for controlling runs; `undefined` where nothing can be controlled. */
  readonly controlToken: string | undefined;
  /** Sends every browser what has changed last, and lets go of the database. */
  close(): Promise<void>;
};

/** Browsers that are sent changes at the same time by default. */
export const MAX_CLIENTS = 200;

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
  return assembleDashboard(options);
}

/** Parts of a dashboard that it shares with a server of several. */
export interface DashboardParts {
  /** Who may look. */
  access?: Access;
  /** The server. */
  host?: DatabaseHost;
}

/** Makes the dashboard of a database, by itself or as a part of a server of several. */
export function assembleDashboard(
  options: DashboardOptions,
  { access: shared, host: server }: DashboardParts = {},
): DashboardApp {
  const operation = "create the dashboard";
  checkOptionNames(options, { operation, known: DASHBOARD_OPTIONS, renamed: RENAMED_OPTIONS });
  const { db, driver, token, maxClients = MAX_CLIENTS, allowedHosts = LOOPBACK_HOSTS } = options;
  checkToken(token, { name: "token" });
  checkToken(options.controlToken, { name: "controlToken" });
  const allowedOrigins = checkOrigins(options.allowedOrigins ?? []);
  const access = shared ?? newAccess({ allowedHosts, allowedOrigins, token });
  const source = new DatabaseHandle(db, driver);
  source.showsData = options.data !== false;
  const hub = new Hub(source, { maxClients });
  const read: Read = (query) => source.read(query);

  const app = new Hono();
  const host = guardHost(access);
  app.use(fixedHeaders(), guardSite());
  for (const path of ["/api/*", "/assets/*", "/metrics", "/healthz"]) {
    app.use(path, guardNavigation());
  }
  app.use("/metrics", guardProbe(access, host), guardToken(access), readySource);
  app.use("/healthz", readySource);
  addHealth(app, source, hub);
  app.use(host, compress());
  app.post("/api/session", signIn(access));
  app.use("/api/*", guardToken(access), readySource);

  const controlToken = options.writer && (options.controlToken ?? newToken());
  const control = options.writer &&
    addControl(app, options.writer, { controlToken: controlToken!, access, read, host: server });
  if (server) addPipelines(app, server.pipelines, { controlToken: controlToken!, access });

  addProblems(app, read);
  addRunLog(app, read);
  addRuns(app, read, () => source.state.file);
  addTasks(app, read);
  addCsv(app, read);
  addData(app, read, { isOn: source.showsData });
  addLive(app, hub);
  addOpenapi(app);
  addPage(app, server?.home);
  app.onError((error, c) => {
    if (error instanceof BadRequest) return c.json({ error: error.message }, 400);
    if (error instanceof SourceError) return c.json({ error: error.message }, 503);
    // What was stopped because its request was closed is not a failure.
    if (c.req.raw.signal.aborted) return c.body(null, 499 as 400);
    console.error(`The dashboard could not answer ${c.req.path}:`, error);
    return c.json({ error: "The request failed; the dashboard's log has the error" }, 500);
  });
  const dashboard = Object.assign(app, {
    controlToken,
    async close() {
      await hub.finish();
      dashboard[Symbol.dispose]();
    },
    [Symbol.dispose]() {
      control?.[Symbol.dispose]();
      hub.close();
      source[Symbol.dispose]();
    },
  });
  return dashboard;

  async function readySource(c: Context, next: () => Promise<void>): Promise<void> {
    await source.ready();
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  }
}
