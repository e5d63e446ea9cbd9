/**
 * The route that describes the others.
 *
 * @module
 */
import type { Hono } from "hono";
import config from "../../../deno.json" with { type: "json" };
import { describe } from "../openapi/describe.ts";

/** Adds it. It comes last: it describes the routes that are there. */
export function addOpenapi(app: Hono): void {
  app.get("/api/openapi.json", (c) => c.json(describe(namesOf(app), config.version)));
}

/** The routes of an app, each as its method and its path. Files of the page are none. */
export function namesOf(app: Pick<Hono, "routes">): Set<string> {
  return new Set(
    app.routes
      .filter(({ method, path }) => method !== "ALL" && /^\/(api\/|healthz|metrics)/.test(path))
      .map(({ method, path }) => `${method} ${path}`),
  );
}
