/**
 * The routes of the dashboard as Markdown: paths and methods as the app has them, with what stands here of each.
 *
 * @module
 */
import { newAccess } from "../../dashboard/server/access/guard_token.ts";
import { assembleDashboard } from "../../dashboard/server/app.ts";
import { createHome } from "../../dashboard/server/home.ts";
import type { PipelineHost } from "../../dashboard/server/pipeline_host.ts";
import { ROUTES } from "../../dashboard/server/openapi/route_list.ts";
import type { Api } from "./api.ts";
import { renderTable } from "./members.ts";

/** Every route, then the types of the answers. */
export function renderRoutes(api: Api): string {
  const access = newAccess({ allowedHosts: [], allowedOrigins: [] });
  const refusal = Promise.resolve({ status: 404 as const, error: "" });
  const pipelines: PipelineHost = {
    list: () => Promise.resolve([]),
    run: () => refusal,
    setPaused: () => refusal,
  };
  using app = assembleDashboard({
    db: "none.db",
    writer: { attach: () => new MessageChannel().port1 },
  }, { access, host: { home: "../../", pipelines, resume: () => refusal, cancel() {} } });
  const home = createHome({
    access,
    controlToken: "none",
    dashboards: new Map(),
    host: pipelines,
    health: () => ({ status: "ok", pipelines: 0, failed: 0 }),
  });
  const paths = new Set(
    [...app.routes, ...home.routes].filter(({ method, path }) =>
      method !== "ALL" && path !== "/" && !/^\/(assets|db)\//.test(path)
    )
      .map(({ method, path }) => `${method} ${path}`),
  );
  const lacking = [...paths].filter((path) => !ROUTES[path]);
  const unknown = Object.keys(ROUTES).filter((path) => !paths.has(path));
  if (lacking.length + unknown.length > 0) {
    throw new Error(
      `Cannot describe the routes: dashboard/server/openapi/route_list.ts lacks ${lacking} and has ${unknown}. ` +
        `Add a sentence for each route`,
    );
  }
  const rows = Object.entries(ROUTES).map(([path, { query, answer, text }]) => {
    const type = answer ? `[\`${answer}\`](#${answer.replace("[]", "").toLowerCase()})` : "";
    return `| \`${path}\` | ${query ? `\`${query}\`` : ""} | ${type} | ${text} |`;
  });
  const types = new Set(
    Object.values(ROUTES).flatMap(({ answer }) => answer?.replace("[]", "") ?? []),
  );
  // What they consist of follows them: a set that grows is walked to its end.
  for (const name of types) {
    for (const member of api.membersOf(name).properties) {
      for (const part of api.typeOf(member).match(/[A-Z]\w+/g) ?? []) {
        if (api.has(part) && api.membersOf(part).properties.length > 0) types.add(part);
      }
    }
  }
  return [
    ["| Route | Query | Answer | |", "| --- | --- | --- | --- |", ...rows].join("\n"),
    "## Answers",
    ...[...types].sort().map((name) => `### \`${name}\`\n\n${renderTable(api, [name])}`),
  ].join("\n\n");
}
