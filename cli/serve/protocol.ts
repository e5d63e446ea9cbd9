/**
 * What crosses between `pipeloom serve` and its child processes: a line of JSON each. Types only.
 *
 * @module
 */
import type { ArgumentsForm } from "../../dashboard/api/pipelines.ts";
import type { Overlap } from "../../pipeline/overlap.ts";
import type { EndStatus } from "../../internal/task_status.ts";

/** The first line that a child reads. */
export interface ChildStart {
  /** What the lines of its replies begin with: what a definition prints cannot begin so. */
  secret: string;
  /** Milliseconds in which a run may end after it was asked to, or after the server has gone. */
  graceMs: number;
  /** What it is there for. */
  request: DescribeRequest | RunRequest;
}

/** Loads definitions, each in a thread of its own, and describes them. */
export interface DescribeRequest {
  kind: "describe";
  files: readonly string[];
  /** Milliseconds in which each of them must have loaded. */
  limitMs: number;
}

/** Runs a definition once. */
export interface RunRequest {
  kind: "run";
  file: string;
  args: object;
  db: string;
  /** What becomes of it while another run of its name is active, unless the definition decides that. */
  overlap: Overlap;
  /** The run to continue. */
  resume?: number | undefined;
  /** Only these of its unfinished tasks. */
  tasks?: readonly number[] | undefined;
}

/** A further line: ends the run within its time. */
export interface StopRequest {
  kind: "stop";
  reason: string;
  graceMs: number;
}

/** What a definition is. */
export interface Description {
  name: string;
  /** The path of the database. */
  db: string;
  /** When it is due, as it stands in the definition. */
  schedule: string | { cron: string; timeZone?: string | undefined } | null;
  overlap: Overlap | null;
  form: ArgumentsForm;
}

/** Why a run was not begun. */
export interface Refusal {
  kind: "refused";
  message: string;
  /** What is wrong with each argument, by its name. */
  fields?: Record<string, string> | undefined;
  /** Whether another run of its name is active. */
  overlaps?: boolean | undefined;
}

/** What a child replies. */
export type ChildReply =
  | { kind: "described"; file: string; description?: Description; problem?: string }
  | { kind: "begun"; run: number | null }
  | { kind: "ended"; run: number | null; status: EndStatus; reason?: string | undefined }
  | { kind: "failed"; message: string }
  | Refusal;

/** What the thread of a definition is asked for. */
export type ThreadRequest = RunRequest | { kind: "describe"; file: string } | StopRequest;
