// @ts-check
/**
 * What the page's address says. All state that makes a view is in the query string of the one document, so
 * that a link shows the same view and the page works mounted at any path.
 *
 * @module
 */
import { STATUSES } from "./statuses.js";

/** @typedef {import("../api.ts").TaskQuery} TaskQuery */

/**
 * @typedef {{ view: "runs", before: number | null }
 *   | { view: "run", run: number, query: TaskQuery, panel: Panel }
 *   | { view: "task", task: number }
 *   | { view: "compare", a: number, b: number }} Route
 */

/** @typedef {"throughput" | "timeline" | "graph" | "none"} Panel */

/** @type {readonly Panel[]} */
const PANELS = ["throughput", "timeline", "graph", "none"];
const SORTS = ["id", "name", "started", "duration", "progress"];

/** Tasks on a page unless the address says otherwise. */
export const PAGE_SIZE = 50;

/** @returns {TaskQuery} */
export function defaultQuery() {
  return { status: [], q: "", key: "", sort: "id", limit: PAGE_SIZE, cursor: "" };
}

/**
 * Reads an address. What it does not understand it leaves out: a bad link shows the runs.
 *
 * @param {string} search The query string, with or without its `?`
 * @returns {Route}
 */
export function parseRoute(search) {
  const params = new URLSearchParams(search.replace(/^[?#]/, ""));
  const compared = /^(\d+),(\d+)$/.exec(params.get("compare") ?? "");
  if (compared) return { view: "compare", a: Number(compared[1]), b: Number(compared[2]) };
  const task = whole(params.get("task"));
  if (task !== null) return { view: "task", task };
  const run = whole(params.get("run"));
  if (run === null) return { view: "runs", before: whole(params.get("before")) };
  const panel = PANELS.find((panel) => panel === params.get("panel")) ?? "throughput";
  return { view: "run", run, panel, query: parseQuery(params) };
}

/**
 * Reads a task query from the page's address or from that of the API.
 *
 * @param {URLSearchParams} params
 * @returns {TaskQuery}
 */
export function parseQuery(params) {
  const asked = (params.get("status") ?? "").split(",");
  const sort = params.get("sort") ?? "id";
  const limit = whole(params.get("limit")) ?? PAGE_SIZE;
  return {
    status: STATUSES.filter((status) => asked.includes(status)),
    q: params.get("q") ?? "",
    key: params.get("key") ?? "",
    sort: SORTS.includes(sort.replace(/^-/, "")) ? /** @type {TaskQuery["sort"]} */ (sort) : "id",
    limit: Math.min(200, Math.max(1, limit)),
    cursor: params.get("cursor") ?? "",
  };
}

/**
 * The parameters of a query that differ from the default, for the page's address and for the API.
 *
 * @param {TaskQuery} query
 */
export function formatQuery(query) {
  const params = new URLSearchParams();
  if (query.status.length > 0) params.set("status", query.status.join(","));
  if (query.q) params.set("q", query.q);
  if (query.key) params.set("key", query.key);
  if (query.sort !== "id") params.set("sort", query.sort);
  if (query.limit !== PAGE_SIZE) params.set("limit", String(query.limit));
  if (query.cursor) params.set("cursor", query.cursor);
  return params.toString().replaceAll("%2C", ",");
}

/**
 * The query string of a view, without `?`.
 *
 * @param {Route} route
 */
export function formatRoute(route) {
  switch (route.view) {
    case "runs":
      return route.before === null ? "" : `before=${route.before}`;
    case "run": {
      const panel = route.panel === "throughput" ? "" : `panel=${route.panel}`;
      return [`run=${route.run}`, formatQuery(route.query), panel].filter(Boolean).join("&");
    }
    case "task":
      return `task=${route.task}`;
    case "compare":
      return `compare=${route.a},${route.b}`;
  }
}

/**
 * The way to the first page of a run.
 *
 * @param {number} run
 * @returns {Route}
 */
export function runRoute(run) {
  return { view: "run", run, query: defaultQuery(), panel: "throughput" };
}

/**
 * The path of the live stream of a view. Views without a stream of their own follow the runs, so that the
 * page always knows whether its server is there.
 *
 * @param {Route} route
 */
export function livePath(route) {
  if (route.view === "task") return `api/live?view=task&task=${route.task}`;
  if (route.view !== "run") return "api/live?view=runs";
  const query = formatQuery(route.query);
  return `api/live?view=run&run=${route.run}${query && `&${query}`}`;
}

/** @param {string | null} text */
function whole(text) {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
