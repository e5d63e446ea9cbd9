/**
 * What the page's address holds. All state that makes a view is in the query string of the one document, so
 * that a link shows the same view and the page works mounted at any path.
 *
 * @module
 */
import type { TaskQuery } from "../../api.ts";
import { LOG_LEVELS, type LogLevel } from "../../../internal/log_level.ts";
import { type DataRoute, formatDataRoute, parseDataRoute } from "../data/data_route.ts";
import { STATUSES } from "./statuses.ts";

/** A view, and what of it. */
export type Route =
  | { view: "runs"; before: number | null; filter?: RunFilter }
  | { view: "pipeline"; name: string }
  | { view: "run"; run: number; query: TaskQuery; panel: Panel; log?: LogQuery }
  | { view: "task"; task: number }
  | { view: "compare"; a: number; b: number }
  | DataRoute;

/** One kind of view. */
export type RouteOf<V extends Route["view"]> = Extract<Route, { view: V }>;

/** The picture of a run that is unfolded. */
export type Panel = "throughput" | "timeline" | "durations" | "graph" | "log" | "none";

const PANELS: readonly Panel[] = ["throughput", "timeline", "durations", "graph", "log", "none"];
/** Which runs are listed. Days are those of the reader. */
export interface RunFilter {
  q: string;
  status: string;
  from: string;
  to: string;
}

const FILTERS = ["q", "status", "from", "to"] as const;

function parseFilter(params: URLSearchParams): RunFilter | undefined {
  const filter: RunFilter = { q: "", status: "", from: "", to: "" };
  for (const name of FILTERS) filter[name] = params.get(name) ?? "";
  return FILTERS.some((name) => filter[name]) ? filter : undefined;
}

function formatFilter(filter: RunFilter): string {
  const params = new URLSearchParams();
  for (const name of FILTERS) if (filter[name]) params.set(name, filter[name]);
  return params.toString();
}

/** Which lines of a run's log are shown. */
export interface LogQuery {
  q: string;
  /** The least level; all where it is empty. */
  level: LogLevel | "";
  /** The id of a task. */
  task: string;
}

const SORTS = ["id", "name", "started", "duration", "progress"];

/** Tasks on a page unless the address sets another number. */
export const PAGE_SIZE = 50;

export function defaultQuery(): TaskQuery {
  return { status: [], q: "", key: "", cause: "", sort: "id", limit: PAGE_SIZE, cursor: "" };
}

/**
 * Reads an address. What it does not understand it leaves out: a bad link shows the runs.
 *
 * @param search The query string, with or without its `?`
 */
export function parseRoute(search: string): Route {
  const params = new URLSearchParams(search.replace(/^[?#]/, ""));
  const data = parseDataRoute(params);
  if (data) return data;
  const compared = /^(\d+),(\d+)$/.exec(params.get("compare") ?? "");
  if (compared) {
    // "Newly failed" means: in the later run, in whatever order they were named.
    const [a, b] = [Number(compared[1]), Number(compared[2])];
    return { view: "compare", a: Math.min(a, b), b: Math.max(a, b) };
  }
  const task = whole(params.get("task"));
  if (task !== null) return { view: "task", task };
  const run = whole(params.get("run"));
  const name = params.get("pipeline");
  if (run === null && name !== null) return { view: "pipeline", name };
  if (run === null) {
    const filter = parseFilter(params);
    return { view: "runs", before: whole(params.get("before")), ...(filter ? { filter } : {}) };
  }
  const panel = PANELS.find((panel) => panel === params.get("panel")) ?? "throughput";
  return {
    view: "run",
    run,
    panel,
    query: parseQuery(params),
    ...(panel === "log" ? { log: parseLogQuery(params) } : {}),
  };
}

function parseLogQuery(params: URLSearchParams): LogQuery {
  const task = whole(params.get("logtask"));
  return {
    q: params.get("logq") ?? "",
    level: LOG_LEVELS.find((level) => level === params.get("loglevel")) ?? "",
    task: task === null ? "" : String(task),
  };
}

/** The parameters of a search in a log, for the API, or with a prefix for the page's address. */
export function formatLogQuery(query: LogQuery, prefix = "") {
  const params = new URLSearchParams();
  for (const name of ["q", "level", "task"] as const) {
    if (query[name]) params.set(prefix + name, query[name]);
  }
  return params.toString();
}

/** Reads a task query from the page's address or from that of the API. */
export function parseQuery(params: URLSearchParams): TaskQuery {
  const asked = (params.get("status") ?? "").split(",");
  const sort = params.get("sort") ?? "id";
  const limit = whole(params.get("limit")) ?? PAGE_SIZE;
  return {
    status: STATUSES.filter((status) => asked.includes(status)),
    q: params.get("q") ?? "",
    key: params.get("key") ?? "",
    cause: /^\w{0,20}$/.exec(params.get("cause") ?? "")?.[0] ?? "",
    sort: SORTS.includes(sort.replace(/^-/, "")) ? (sort as TaskQuery["sort"]) : "id",
    limit: Math.min(200, Math.max(1, limit)),
    cursor: params.get("cursor") ?? "",
  };
}

/** The parameters of a query that differ from the default, for the page's address and for the API. */
export function formatQuery(query: TaskQuery) {
  const params = new URLSearchParams();
  if (query.status.length > 0) params.set("status", query.status.join(","));
  if (query.q) params.set("q", query.q);
  if (query.key) params.set("key", query.key);
  if (query.cause) params.set("cause", query.cause);
  if (query.sort !== "id") params.set("sort", query.sort);
  if (query.limit !== PAGE_SIZE) params.set("limit", String(query.limit));
  if (query.cursor) params.set("cursor", query.cursor);
  return params.toString().replaceAll("%2C", ",");
}

/** The query string of a view, without `?`. */
export function formatRoute(route: Route) {
  switch (route.view) {
    case "runs":
      return [
        route.filter ? formatFilter(route.filter) : "",
        route.before === null ? "" : `before=${route.before}`,
      ].filter(Boolean).join("&");
    case "pipeline":
      return new URLSearchParams({ pipeline: route.name }).toString();
    case "run": {
      const panel = route.panel === "throughput" ? "" : `panel=${route.panel}`;
      const log = route.panel === "log" && route.log ? formatLogQuery(route.log, "log") : "";
      return [`run=${route.run}`, formatQuery(route.query), panel, log].filter(Boolean).join("&");
    }
    case "task":
      return `task=${route.task}`;
    case "compare":
      return `compare=${route.a},${route.b}`;
    case "data":
      return formatDataRoute(route);
  }
}

/** The way to the first page of a run. */
export function runRoute(run: number): Route {
  return { view: "run", run, query: defaultQuery(), panel: "throughput" };
}

/** What a page is about, whatever its filter. */
export function subjectOf(route: Route): string {
  switch (route.view) {
    case "runs":
      return `runs ${route.before ?? ""}`;
    case "pipeline":
      return `pipeline ${route.name}`;
    case "run":
      return `run ${route.run}`;
    case "task":
      return `task ${route.task}`;
    case "compare":
      return `compare ${route.a} ${route.b}`;
    case "data":
      return `data ${route.table ?? ""} ${route.cursor}`;
  }
}

/**
 * The path of the live stream of a view. Views without a stream of their own follow the runs, so that the
 * page always knows whether its server is there.
 */
export function livePath(route: Route) {
  if (route.view === "task") return `api/live?view=task&task=${route.task}`;
  if (route.view !== "run") return "api/live?view=runs";
  const query = formatQuery(route.query);
  return `api/live?view=run&run=${route.run}${query && `&${query}`}`;
}

function whole(text: string | null) {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
