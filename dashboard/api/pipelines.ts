/**
 * What the API has of pipelines that a server has the definitions of.
 *
 * @module
 */
import type { RunStatus } from "./run.ts";

/**
 * One argument of a pipeline, as a form asks for it.
 *
 * @example A label
 * ```ts ignore
 * import type { ArgumentField } from "@pipeloom/pipeloom/dashboard";
 *
 * const label = ({ name, required }: ArgumentField) => required ? `${name} *` : name;
 * ```
 */
export interface ArgumentField {
  /** Its name. */
  name: string;
  /** The kind of value; `json` is any, written as JSON. */
  type: "text" | "number" | "integer" | "boolean" | "json";
  /** Whether a run needs it. */
  required: boolean;
  /** Its value where none is given. */
  default?: unknown;
  /** The values that it takes. */
  choices?: (string | number)[];
  /** Its purpose. */
  description?: string;
}

/**
 * The arguments of a pipeline.
 *
 * @example Whether there is anything to ask for
 * ```ts ignore
 * import type { ArgumentsForm } from "@pipeloom/pipeloom/dashboard";
 *
 * const isEmpty = ({ fields, others }: ArgumentsForm) => fields.length === 0 && !others;
 * ```
 */
export interface ArgumentsForm {
  /** Those that are declared. */
  fields: ArgumentField[];
  /** Whether it may take others, which are not declared. */
  others: boolean;
}

/**
 * One of the last runs of a pipeline, newest last.
 *
 * @example Whether it failed
 * ```ts ignore
 * import type { PastRun } from "@pipeloom/pipeloom/dashboard";
 *
 * const hasFailed = ({ status }: PastRun) => status === "error";
 * ```
 */
export interface PastRun {
  /** Its id in the database of the pipeline. */
  id: number;
  /** Its status. */
  status: RunStatus;
  /** Its label. */
  label: string | null;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end, `null` while it runs. */
  finishedAt: string | null;
}

/**
 * When a pipeline is due.
 *
 * @example Whether this server starts runs at its times
 * ```ts ignore
 * import type { PipelineSchedule } from "@pipeloom/pipeloom/dashboard";
 *
 * const isActive = ({ pausedAt }: PipelineSchedule) => pausedAt === null;
 * ```
 */
export interface PipelineSchedule {
  /** A line of a crontab. */
  cron: string;
  /** The time zone in which it is read. */
  timeZone: string;
  /** The next times, the first of them first; none while it is paused. */
  next: string[];
  /** Since when it is paused, `null` while it is not. */
  pausedAt: string | null;
}

/**
 * A pipeline that a server has the definition of.
 *
 * @example From the API
 * ```ts ignore
 * import type { PipelineInfo } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/pipelines");
 * const pipelines: PipelineInfo[] = await answer.json();
 * console.log(pipelines[0]?.name);
 * ```
 */
export interface PipelineInfo {
  /** Names it in addresses of the server. */
  id: string;
  /** Its name, or that of its file as long as that is not loaded. */
  name: string;
  /** The file of its definition, as the server was given it. */
  file: string;
  /** `loading`, `ready`, or `failed` when its definition does not load. */
  state: "loading" | "ready" | "failed";
  /** Why its definition does not load, or what went wrong last; `null` when nothing did. */
  problem: string | null;
  /** Where the dashboard of its database is, from the first page of the server; `null` as long as that is not known. */
  dashboard: string | null;
  /** When it is due, `null` when it has no schedule. */
  schedule: PipelineSchedule | null;
  /** Its arguments. */
  form: ArgumentsForm;
  /** How many runs of it this server has started that have not ended. */
  active: number;
  /** Its last runs, newest last. */
  runs: PastRun[];
}

/**
 * What became of a request to run a pipeline.
 *
 * @example The address of the run
 * ```ts ignore
 * import type { RunStart } from "@pipeloom/pipeloom/dashboard";
 *
 * const addressOf = ({ dashboard, run }: RunStart) => run === null ? null : `${dashboard}?run=${run}`;
 * ```
 */
export interface RunStart {
  /** The run; `null` when it has not begun yet, because it waits for another one or its module still loads. */
  run: number | null;
  /** Where the dashboard of its database is, from the first page of the server. */
  dashboard: string;
}
