/**
 * The first page of a server of pipelines, and the dashboards of its databases below it.
 *
 * All of them share who may look: a session that is begun here is good for `db/…`, too, because its cookie belongs to
 * the folder of `session`. A dashboard by itself has that route in its own folder.
 *
 * @module
 */
import { Hono } from "hono";
import { compress } from "hono/compress";
import { guardControl } from "./access/guard_control.ts";
import { fixedHeaders, guardHost, guardNavigation, guardSite } from "./access/guard_host.ts";
import { type Access, guardToken, signIn } from "./access/guard_token.ts";
import type { DashboardApp } from "./app.ts";
import { BadRequest } from "./params.ts";
import type { PipelineHost } from "./pipeline_host.ts";
import { addBadges } from "./routes/badges.ts";
import { addPage } from "./routes/page.ts";
import { addPipelines } from "./routes/pipelines.ts";

/** What the first page is made of. */
export interface HomeOptions {
  /** Dashboards by their part of the address; there may come more. */
  dashboards: ReadonlyMap<string, Pick<DashboardApp, "fetch">>;
  access: Access;
  controlToken: string;
  host: PipelineHost;
  /** Whether it still starts runs. */
  health: () => { status: "ok" | "stopping"; pipelines: number; failed: number };
}

/** The first page, and below it what is mounted there. */
export function createHome(
  { dashboards, access, controlToken, host, health }: HomeOptions,
): Hono {
  const app = new Hono();
  addBadges(app, host, access);
  app.use(fixedHeaders(), guardSite());
  for (const path of ["/api/*", "/assets/*", "/healthz"]) app.use(path, guardNavigation());
  app.get("/healthz", (c) => {
    c.header("Cache-Control", "no-store");
    const answer = health();
    return c.json(answer, answer.status === "ok" ? 200 : 503);
  });
  app.post("/session", guardHost(access), signIn(access));
  for (const path of ["/", "/api/*", "/assets/*"]) app.use(path, guardHost(access), compress());
  app.use("/api/*", guardToken(access), async (c, next) => {
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
  app.get("/api/control", guardControl(controlToken, access), (c) => c.body(null, 204));
  addPipelines(app, host, { controlToken, access });
  app.onError((error, c) => {
    if (error instanceof BadRequest) return c.json({ error: error.message }, 400);
    console.error(`The server could not answer ${c.req.path}:`, error);
    return c.json({ error: "Something went wrong; the log of the server has it" }, 500);
  });
  app.get("/db/:slug", (c) => c.redirect(`${c.req.param("slug")}/`, 308));
  app.all("/db/:slug/*", (c) => {
    const slug = c.req.param("slug");
    const dashboard = dashboards.get(slug);
    if (!dashboard) return c.json({ error: "There is nothing here" }, 404);
    const url = new URL(c.req.url);
    url.pathname = url.pathname.slice(`/db/${slug}`.length);
    return dashboard.fetch(new Request(url, c.req.raw), c.env as object);
  });
  addPage(app, "");
  return app;
}
