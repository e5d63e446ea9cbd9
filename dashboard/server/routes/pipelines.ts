/**
 * The routes about pipelines that the server has the definitions of: the list for those who may look, and what runs
 * them for those who may control.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { guardControl, guardOrigin } from "../access/guard_control.ts";
import type { Access } from "../access/guard_token.ts";
import type { HostRefusal, PipelineHost } from "../pipeline_host.ts";
import { BadRequest } from "../params.ts";

/** Adds them. */
export function addPipelines(
  app: Hono,
  host: PipelineHost,
  { controlToken, access }: { controlToken: string; access: Access },
): void {
  const guards = [guardControl(controlToken, access), guardOrigin(access)] as const;
  app.get("/api/pipelines", async (c) => c.json(await host.list()));
  app.get("/api/pipelines/:pipeline", async (c) => {
    const id = c.req.param("pipeline");
    const found = (await host.list()).find((pipeline) => pipeline.id === id);
    return found ? c.json(found) : c.json({ error: `There is no pipeline ${id}` }, 404);
  });
  app.post("/api/pipelines/:pipeline/run", ...guards, async (c) => {
    const started = await host.run(c.req.param("pipeline"), await readArguments(c));
    if ("error" in started) return refuse(c, started);
    return c.json(started, started.run === null ? 202 : 201);
  });
  for (const action of ["pause", "resume"] as const) {
    app.post(`/api/pipelines/:pipeline/${action}`, ...guards, async (c) => {
      const refusal = await host.setPaused(c.req.param("pipeline"), action === "pause");
      return refusal ? refuse(c, refusal) : c.body(null, 204);
    });
  }
}

/** The answer where something was not done. */
export function refuse(c: Context, { status, error, fields }: HostRefusal): Response {
  return c.json({ error, ...(fields ? { fields } : {}) }, status);
}

/** The arguments in the body of a request, which is `{"args": {…}}` or empty. */
async function readArguments(c: Context): Promise<object> {
  const text = await c.req.text();
  if (text === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BadRequest('The body must be JSON such as {"args":{"day":"2026-11-27"}}');
  }
  const { args = {}, ...others } = Object(body) as { args?: unknown };
  const isObject = typeof args === "object" && args !== null && !Array.isArray(args);
  if (!isObject || Array.isArray(body) || Object.keys(others).length > 0) {
    throw new BadRequest(
      'The body must be {"args": …} with an object of arguments, and nothing else',
    );
  }
  return args;
}
