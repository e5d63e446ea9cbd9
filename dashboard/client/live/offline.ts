/**
 * The answers of the API out of an exported run, for a page without a server: the same paths, the same
 * JSON, the same way to filter, sort and turn pages.
 *
 * @module
 */
import {
  CAUSE_READS,
  causeId,
  causeOf,
  failureLine,
} from "../../../internal/text/failure_cause.ts";
import { foldText, SEARCHED_CHARACTERS } from "../../../internal/search_text.ts";
import type {
  ExportedRun,
  SourceState,
  TaskDetail,
  TaskPage,
  TaskQuery,
  TaskSort,
} from "../../api.ts";
import { defaultQuery, parseQuery } from "../lib/route.ts";
import { timeOf } from "../../../internal/units.ts";

const SORT_KEYS: Record<TaskSort, (task: TaskDetail) => number | string | null> = {
  id: (task) => task.id,
  name: (task) => task.name,
  started: (task) => timeOf(task.startedAt),
  duration: (task) => task.durationMs,
  progress: (task) => task.progress,
};

/** A page of the tasks of an exported run. Its cursors are places in the sorted list. */
export function pageOf(tasks: TaskDetail[], query: TaskQuery): TaskPage {
  const wanted = foldText(query.q);
  const found = tasks.filter((task) =>
    (query.status.length === 0 || query.status.includes(task.status)) &&
    (query.key === "" || task.key === query.key) &&
    (!query.cause || isOfCause(task, query.cause)) &&
    (wanted === "" ||
      [task.name, task.message ?? ""].some((text) =>
        foldText(text.slice(0, SEARCHED_CHARACTERS)).includes(wanted)
      ))
  );
  const turned = query.sort.startsWith("-") ? -1 : 1;
  const keyOf = SORT_KEYS[query.sort.replace("-", "") as TaskSort];
  found.sort((a, b) => turned * (compare(keyOf(a), keyOf(b)) || a.id - b.id));
  const from = Math.max(0, Number.parseInt(query.cursor || "0", 10) || 0);
  const end = from + query.limit;
  return {
    tasks: found.slice(from, end),
    found: found.length,
    next: end < found.length ? String(end) : null,
    previous: from > 0 ? String(Math.max(0, from - query.limit)) : null,
  };
}

function isOfCause({ status, error, message }: TaskDetail, cause: string): boolean {
  if (status !== "error") return false;
  const [thrown, reported] = [error, message].map((text) => text && text.slice(0, CAUSE_READS));
  return causeId(causeOf(failureLine(thrown ?? null, reported ?? null))) === cause;
}

/** What is not known comes first, as in SQL. */
function compare(a: number | string | null, b: number | string | null) {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

/** Answers a request of the API, `null` where an export has no answer. */
export function answerOffline(exported: ExportedRun, path: string): unknown {
  const url = new URL(path, "http://export/");
  const [, , kind, id, part] = url.pathname.split("/");
  if (kind === "live") return snapshotOf(exported, url.searchParams);
  if (kind === "runs" && Number(id) === exported.run.id) {
    if (part === undefined) return exported.run;
    if (part === "tasks") return pageOf(exported.tasks, parseQuery(url.searchParams));
    if (part === "samples") return exported.samples;
    if (part === "weave") return exported.weave;
    if (part === "timeline") return exported.timeline;
    if (part === "graph") return exported.graph;
    if (part === "failures") return exported.failures ?? null;
    if (part === "checks") return exported.checks ?? null;
    if (part === "rows") return exported.rows ?? null;
    if (part === "delays") return exported.delays ?? null;
  }
  if (kind === "runs" && id === undefined) {
    return { runs: [exported.run], sparklines: {}, next: null };
  }
  if (kind === "tasks") {
    const task = exported.tasks.find((task) => task.id === Number(id));
    if (!task) return null;
    if (part === undefined) return task;
    if (part === "logs") return { lines: exported.logs[task.id] ?? [], previous: null };
    if (part === "dependencies") {
      return { dependsOn: { total: 0, tasks: [] }, neededBy: { total: 0, tasks: [] } };
    }
    if (part === "history") return { tasks: [], partial: false };
  }
  return null;
}

/** What the live stream of a view would begin with. */
function snapshotOf(exported: ExportedRun, params: URLSearchParams) {
  const { now, file, run, samples, weave } = exported;
  const source: SourceState = { state: "ok", file };
  switch (params.get("view")) {
    case "task": {
      const id = Number(params.get("task"));
      const task = exported.tasks.find((task) => task.id === id) ?? null;
      return { now, source, task, logs: { lines: exported.logs[id] ?? [], previous: null } };
    }
    case "run": {
      const query = Number(params.get("run")) === run.id ? parseQuery(params) : null;
      const page = pageOf(query ? exported.tasks : [], query ?? defaultQuery());
      return { now, source, run: query ? run : null, samples, weave, reading: false, ...page };
    }
    default:
      return { now, source, runs: [run], sparklines: {}, next: null };
  }
}
