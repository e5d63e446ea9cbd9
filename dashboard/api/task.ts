/**
 * What the API returns about tasks and their logs.
 *
 * @module
 */
import type { TaskStatus } from "../../internal/task_status.ts";
import type { Check } from "./checks.ts";
import type { WrittenRows } from "./rows.ts";
import type { Run } from "./run.ts";

/**
 * One task as a row of the table.
 *
 * @example A row of a list
 * ```ts ignore
 * import type { Task } from "@pipeloom/pipeloom/dashboard";
 *
 * const row = ({ name, status, progress }: Task) => `${name} ${status} ${progress * 100} %`;
 * ```
 */
export interface Task {
  /** Id of the task. */
  id: number;
  /** Name of the task. */
  name: string;
  /** Key of the task, where it has one. */
  key: string | null;
  /** Its status. */
  status: TaskStatus;
  /** The status that another program has written over its own; `null` where none has. */
  rewritten?: string | null;
  /** Fraction 0..1. */
  progress: number;
  /** Its last message, cut to 300 characters. */
  message: string | null;
  /** The first line of its error, cut to 300 characters. */
  error: string | null;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end. */
  finishedAt: string | null;
  /** Time of its last news while it runs. */
  updatedAt: string | null;
  /** From start to end, `null` until it has ended. */
  durationMs: number | null;
  /** Whether it was asked to stop by itself, and has not ended. */
  cancelling: boolean;
  /** Until when it sleeps, where it is `queued` because of that. */
  sleepsUntil?: string | null;
}

/**
 * What a list of tasks can be sorted by. A minus before it turns the order round.
 *
 * @example By time
 * ```ts ignore
 * import type { TaskSort } from "@pipeloom/pipeloom/dashboard";
 *
 * const sort: TaskSort = "duration";
 * ```
 */
export type TaskSort = "id" | "name" | "started" | "duration" | "progress";

/**
 * Which tasks of a run to list. All are optional in the URL.
 *
 * @example The failed ones, slowest first
 * ```ts ignore
 * import type { TaskQuery } from "@pipeloom/pipeloom/dashboard";
 *
 * const query: Partial<TaskQuery> = { status: ["error"], sort: "-duration", limit: 100 };
 * ```
 */
export interface TaskQuery {
  /** Only tasks in one of these statuses, separated by commas in the URL; empty means all. */
  status: TaskStatus[];
  /**
   * Text that the name or the start of the message contains (2,000 characters), without regard to case and
   * composition, in every script; at most 200 characters.
   */
  q: string;
  /** Only tasks with this key. */
  key: string;
  /** Only failures of this cause: `id` of one of `api/runs/:run/failures`. */
  cause?: string;
  /** `id` (the default), `name`, `started`, `duration`, `progress`; with a minus for descending. */
  sort: TaskSort | `-${TaskSort}`;
  /** Tasks on a page: 1 to 200, 50 by default. */
  limit: number;
  /** Where the page begins: `next` or `previous` of another page of the same query. */
  cursor: string;
}

/**
 * A page of tasks.
 *
 * @example From the API
 * ```ts ignore
 * import type { TaskPage } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/tasks?status=error");
 * const page: TaskPage = await answer.json();
 * console.log(page.tasks.length, page.next);
 * ```
 */
export interface TaskPage {
  /** The tasks in the order that was asked for. */
  tasks: Task[];
  /** How many tasks match on all pages, where a text or a key is looked for. */
  found?: number;
  /** Cursor of the next page, `null` on the last. */
  next: string | null;
  /** Cursor of the page before, `null` on the first. */
  previous: string | null;
}

/**
 * One attempt at a task.
 *
 * @example Why it failed
 * ```ts ignore
 * import type { TaskAttempt } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ attempt, error }: TaskAttempt) => `attempt ${attempt}: ${error ?? "no error"}`;
 * ```
 */
export interface TaskAttempt {
  /** Number of the attempt, from 1. */
  attempt: number;
  /** How it ended, or `running`. */
  status: TaskStatus;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end. */
  finishedAt: string | null;
  /** Its error with the stack, cut to 2,000 characters. */
  error: string | null;
  /** The worker on another machine that ran it, `null` where none did. */
  worker?: string | null;
  /** Whether the error was cut: all of it is at `api/tasks/:task/attempts/:attempt`, or `texts/error`. */
  cut: boolean;
}

/**
 * A durable step that a task has ended, or a sleep.
 *
 * @example Those that took longest
 * ```ts ignore
 * import type { TaskDetail, TaskStep } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/tasks/7");
 * const { steps = [] }: TaskDetail = await answer.json();
 * const tookMs = ({ startedAt, finishedAt }: TaskStep) =>
 *   Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "");
 * console.log(steps.toSorted((a, b) => tookMs(b) - tookMs(a))[0]?.name);
 * ```
 */
export interface TaskStep {
  /** Its place among the calls of its task, from 1. */
  number: number;
  /** Its kind. */
  kind: "step" | "sleep";
  /** Its name, cut to 200 characters; empty for a sleep. */
  name: string;
  /** Number of the attempt that called it, from 1. */
  attempt: number;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end; of a sleep the time until which the task sleeps. */
  finishedAt: string | null;
  /** Its return value, as JSON text, cut to 200 characters. */
  result: string | null;
  /** The error that it threw and its task caught, cut to 200 characters. */
  error: string | null;
}

/**
 * All about one task.
 *
 * @example From the API
 * ```ts ignore
 * import type { TaskDetail } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/tasks/7");
 * const task: TaskDetail = await answer.json();
 * console.log(task.status, task.attempts.length);
 * ```
 */
export interface TaskDetail extends Task {
  /** The run it belongs to. */
  run: Pick<Run, "id" | "name" | "status" | "startedAt" | "cancelling">;
  /** Its attempts, first to last. */
  attempts: TaskAttempt[];
  /** The steps that it has ended, and its sleeps, in their order: the last 100. */
  steps?: TaskStep[];
  /** Its checks, the last of each name, where it made any: at most 100, those first that did not pass. */
  checks?: Check[];
  /** Its return value, as JSON text. */
  result: string | null;
  /** The rows that it wrote over all attempts, by table, where it wrote any. */
  wrote?: WrittenRows[];
  /** The stage that it belongs to, where its pipeline has stages. */
  stage?: string;
  /** Its tags, where it has any. */
  tags?: string[];
  /** The machine and the process that ran it, or run it: those of its run. */
  host?: string;
  /** Id of that process. */
  pid?: number;
  /** Milliseconds from the start of its run to its own first start; `null` where it has not been started. */
  waitedMs?: number | null;
  /** Its item, as JSON text, where items are stored or it was added to the run. */
  input?: string;
  /** Fields whose text was cut to 100,000 characters: all of it is at `api/tasks/:task/texts/:field`. */
  cut: string[];
}

/**
 * What a task depends on, and what depends on it: `GET api/tasks/:task/dependencies`.
 *
 * @example From the API
 * ```ts ignore
 * import type { TaskDependencies } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/tasks/7/dependencies");
 * const { dependsOn, neededBy }: TaskDependencies = await answer.json();
 * console.log(dependsOn.total, neededBy.tasks.map(({ name }) => name));
 * ```
 */
export interface TaskDependencies {
  /** Tasks that it waits for or waited for, the first 20, and how many there are. */
  dependsOn: { total: number; tasks: Task[] };
  /** Tasks that wait for it or waited, the first 20, and how many there are. */
  neededBy: { total: number; tasks: Task[] };
}

/**
 * The same task (by key, else by name) in other runs, newest first.
 *
 * @example From the API
 * ```ts ignore
 * import type { TaskHistory } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/tasks/7/history");
 * const history: TaskHistory = await answer.json();
 * console.log(history.tasks.length);
 * ```
 */
export interface TaskHistory {
  /** At most 20 ended tasks. */
  tasks: (Pick<Task, "id" | "status" | "startedAt" | "durationMs"> & { runId: number })[];
  /** Whether the search stopped before the oldest run, because there are too many tasks. */
  partial: boolean;
}
