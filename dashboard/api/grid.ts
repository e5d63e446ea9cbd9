/**
 * What the API returns about the tasks of a pipeline over its last runs.
 *
 * @module
 */
import type { TaskStatus } from "../../internal/task_status.ts";
import type { Run } from "./run.ts";

/**
 * One task in one run.
 *
 * @example Whether it failed
 * ```ts ignore
 * import type { GridCell } from "@pipeloom/pipeloom/dashboard";
 *
 * const failed = (cell: GridCell | null) => cell?.status === "error";
 * ```
 */
export interface GridCell {
  /** Id of the task. */
  id: number;
  /** Its status. */
  status: TaskStatus;
  /** From start to end, where it has ended. */
  durationMs: number | null;
}

/**
 * Runs × tasks of a pipeline: `GET api/grid`. Tasks are the same by key, else by name.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunGrid } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/grid?name=nightly");
 * const { runs, tasks }: RunGrid = await answer.json();
 * console.log(tasks.map(({ label, cells }) => [label, cells.length === runs.length]));
 * ```
 */
export interface RunGrid {
  /** The last 20 runs, oldest first. */
  runs: Pick<Run, "id" | "status" | "startedAt">[];
  /** The first 100 tasks: those that failed most often, then those that took longest. */
  tasks: {
    /** The key, or the name of a task without one. */
    label: string;
    /** The task in each run; `null` where it is not known there. */
    cells: (GridCell | null)[];
  }[];
  /** How many tasks were left out. */
  left: number;
  /** Runs with more than 5,000 tasks, of which only the first 1,000 failures are looked at. */
  large: number[];
}
