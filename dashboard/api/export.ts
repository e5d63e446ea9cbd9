/**
 * What an exported run carries.
 *
 * @module
 */
import type { RunChecks } from "./checks.ts";
import type { TaskGraph, Timeline, WeaveBlock } from "./picture.ts";
import type { FailureReport, RunDelays } from "./problems.ts";
import type { RunRows } from "./rows.ts";
import type { Run, Sample } from "./run.ts";
import type { LogLine } from "./log.ts";
import type { TaskDetail } from "./task.ts";

/** What an exported run carries: the page shows it without a server. */
export interface ExportedRun {
  /** Time of the export in milliseconds since 1970. */
  now: number;
  /** The database's file, without its folder. */
  file: string;
  /** The run. */
  run: Run;
  /** Its past, oldest first. */
  samples: Sample[];
  /** The whole weave. */
  weave: WeaveBlock[];
  /** When tasks ran. */
  timeline: Timeline;
  /** The failures by their causes. */
  failures?: FailureReport | undefined;
  /** What its tasks checked. */
  checks?: RunChecks | undefined;
  /** What its tasks wrote. */
  rows?: RunRows | undefined;
  /** What held it up, and what was slow. */
  delays?: RunDelays | undefined;
  /** Which tasks wait for which. */
  graph: TaskGraph;
  /** Tasks: failed ones first, at most 10,000; `left` counts those left out. */
  tasks: TaskDetail[];
  /** Tasks that were left out of `tasks`. */
  left: number;
  /** The last 100 log lines of each task in `tasks`, by task id. */
  logs: Record<number, LogLine[]>;
}
