/**
 * What requests may ask for: every parameter is checked here, and a wrong one is an error that names the
 * accepted values. Values reach SQLite as bound parameters only.
 *
 * @module
 */
import { TASK_STATUSES, type TaskStatus } from "../../internal/task_status.ts";
import type { RunQuery, RunStatus, TaskQuery, TaskSort } from "../api.ts";
import type { PageCursor } from "./queries/plan.ts";
import { LOG_LEVELS } from "../../internal/log_level.ts";
import type { LogFind } from "./queries/answers/run_log.ts";
import { fromCursor } from "./queries/tasks.ts";

/** Characters of a text that is searched for: each row is compared with it. */
const MAX_TEXT = 200;

/** Characters of a key. */
const MAX_KEY = 1_000;

const SORTS: readonly TaskSort[] = ["id", "name", "started", "duration", "progress"];

/** A request that cannot be answered; its message has the reason. */
export class BadRequest extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "BadRequest";
}

/** The parameters of a request's URL, by name. */
export type Params = Readonly<Record<string, string | undefined>>;

/** A whole number, or `otherwise` when it is not given. */
export function integer(
  params: Params,
  name: string,
  range: { min: number; max: number; otherwise?: number },
): number {
  const { min, max, otherwise } = range;
  const text = params[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  const value = /^-?\d{1,16}$/.test(text ?? "") ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new BadRequest(`${name} must be a whole number from ${min} to ${max}`);
}

/** One of some words; the first where none is given. */
export function choice<T extends string>(params: Params, name: string, words: readonly T[]): T {
  const word = params[name] || words[0];
  const found = words.find((known) => known === word);
  if (found !== undefined) return found;
  throw new BadRequest(`${name} must be one of ${words.join(", ")}`);
}

/** The id of a run, 0 for tasks of no run. */
export function runId(params: Params, name: string = "run"): number {
  return integer(params, name, { min: 0, max: Number.MAX_SAFE_INTEGER });
}

/** The id of a task. */
export function taskId(params: Params, name: string = "task"): number {
  return integer(params, name, { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
}

/** Which tasks to list. */
export function taskQuery(
  params: Params,
): Omit<TaskQuery, "cursor"> & { place?: PageCursor | undefined } {
  const { status = "", q = "", key = "", cause = "", sort = "id", cursor = "" } = params;
  const statuses = status.split(",").filter((name) => name !== "") as TaskStatus[];
  if (!statuses.every((name) => TASK_STATUSES.includes(name))) {
    throw new BadRequest(`status must be some of ${TASK_STATUSES.join(",")}, with commas between`);
  }
  if (!SORTS.includes(sort.replace(/^-/, "") as TaskSort)) {
    throw new BadRequest(`sort must be one of ${SORTS.join(", ")}, with a minus to turn it round`);
  }
  if (q.length > MAX_TEXT || key.length > MAX_KEY) {
    throw new BadRequest(
      `q must have at most ${MAX_TEXT} characters, and key at most ${MAX_KEY}`,
    );
  }
  if (`${q}${key}`.includes("\0")) {
    throw new BadRequest("q and key must have no NUL character, where SQLite would end them");
  }
  if (!/^\w{0,20}$/.test(cause)) {
    throw new BadRequest("cause must be the id of a cause of failures");
  }
  const place = fromCursor(cursor);
  if (cursor && !place) throw new BadRequest("cursor must be next or previous of another page");
  return {
    status: [...new Set(statuses)],
    q,
    key,
    cause,
    sort: sort as TaskQuery["sort"],
    limit: integer(params, "limit", { min: 1, max: 200, otherwise: 50 }),
    place,
  };
}

/** Which lines of a log. */
export function logFind(params: Params): LogFind {
  const { q = "", level = "", task } = params;
  if (level !== "" && !LOG_LEVELS.some((known) => known === level)) {
    throw new BadRequest(`level must be one of ${LOG_LEVELS.join(", ")}`);
  }
  if (q.length > MAX_TEXT || q.includes("\0")) {
    throw new BadRequest(`q must have at most ${MAX_TEXT} characters and no NUL character`);
  }
  return { q, level: level as LogFind["level"], task: task ? taskId(params) : undefined };
}

const RUN_STATUSES: readonly RunStatus[] = ["running", "done", "error", "cancelled", "interrupted"];

/** Which runs to list. */
export function runQuery(params: Params): RunQuery {
  const { name = "", q = "", status = "" } = params;
  const statuses = status.split(",").filter((word) => word !== "") as RunStatus[];
  if (!statuses.every((word) => RUN_STATUSES.includes(word))) {
    throw new BadRequest(`status must be some of ${RUN_STATUSES.join(",")}, with commas between`);
  }
  if (q.length > MAX_TEXT || name.length > MAX_KEY || `${q}${name}`.includes("\0")) {
    throw new BadRequest(
      `q must have at most ${MAX_TEXT} characters, name at most ${MAX_KEY}, and none of them NUL`,
    );
  }
  return { name, q, status: statuses, from: timeIn(params, "from"), to: timeIn(params, "to") };
}

/** A time as it is stored; a day is its start, or as `to` its end. */
function timeIn(params: Params, name: "from" | "to"): string {
  const text = params[name];
  if (!text) return "";
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = Date.parse(isDay && name === "to" ? `${text}T23:59:59.999Z` : text);
  if (Number.isNaN(at)) {
    throw new BadRequest(`${name} must be a time such as 2026-11-27T02:00:00Z, or a day`);
  }
  return new Date(at).toISOString();
}
