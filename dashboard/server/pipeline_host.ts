/**
 * What the dashboard knows of a server that has the definitions of pipelines. Types only: the server itself is part of
 * the command line.
 *
 * @module
 */
import type { PipelineInfo, Run, RunStart } from "../api.ts";

/** Why something was not done. */
export interface HostRefusal {
  /** The status of the answer. */
  status: 400 | 404 | 409 | 422 | 503;
  error: string;
  /** What is wrong with each argument, by its name. */
  fields?: Record<string, string> | undefined;
}

/** A server of pipelines. */
export interface PipelineHost {
  /** All of them. */
  list(): Promise<PipelineInfo[]>;
  /** Runs one. */
  run(id: string, args: object): Promise<RunStart | HostRefusal>;
  /** Pauses its schedule, or resumes it. */
  setPaused(id: string, paused: boolean): Promise<HostRefusal | undefined>;
}

/** The same server as the dashboard of one of its databases sees it. */
export interface DatabaseHost {
  /** The way from the dashboard to the first page of the server. */
  home: string;
  /** The server. */
  pipelines: PipelineHost;
  /** Continues a run that has ended, or some of its tasks; `undefined` when its definition is not there. */
  resume(run: Run, tasks?: readonly number[]): Promise<RunStart | HostRefusal | undefined>;
  /** A run is asked to end: where the server started it, its process is killed when it does not. */
  cancel(run: number): void;
}
