/**
 * What the API returns for the pictures of a run: weave, timeline, graph.
 *
 * @module
 */
import type { TaskStatus } from "../../internal/task_status.ts";
import type { Task } from "./task.ts";

/**
 * Up to 1,000 neighbouring tasks of the weave. Each character of `cells` is a task:
 * `charCode - 48 = 11 * status + tenths of progress`, with the statuses numbered in the order of a task's life
 * (queued 0, running 1, done 2, error 3, cancelled 4).
 *
 * @example How many tasks it holds
 * ```ts ignore
 * import type { WeaveBlock } from "@pipeloom/pipeloom/dashboard";
 *
 * const size = ({ cells }: WeaveBlock) => cells.length;
 * ```
 */
export interface WeaveBlock {
  /** Id of the first task. */
  first: number;
  /** A character for each task, in the order of their ids. */
  cells: string;
  /** Ids of the tasks, where they are not `first`, `first + 1`, …. */
  ids?: number[];
}

/**
 * When tasks ran: all of a small run, the longest of a big one.
 *
 * @example From the API
 * ```ts ignore
 * import type { Timeline } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/timeline");
 * const timeline: Timeline = await answer.json();
 * console.log(timeline.bars.length);
 * ```
 */
export interface Timeline {
  /** At most 1,000 bars, in the order of their start. */
  bars: {
    id: number;
    name: string;
    status: TaskStatus;
    /** Start in milliseconds since 1970. */
    from: number;
    /** End in milliseconds since 1970, `null` while it runs. */
    to: number | null;
  }[];
  /** Tasks that have been started, those left out included. */
  started: number;
  /** Tasks that were cancelled before they were started. */
  skipped: number;
  /** When it was read, in milliseconds since 1970: what runs is known up to here. */
  at: number;
}

/**
 * Which tasks of a run wait for which, laid out from left to right in an area of `width` by `height` CSS pixels.
 * Tasks that neither wait nor are waited for are left out.
 *
 * @example From the API
 * ```ts ignore
 * import type { TaskGraph } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/graph");
 * const graph: TaskGraph = await answer.json();
 * console.log(graph.nodes.length, graph.edges.length);
 * ```
 */
export interface TaskGraph {
  /** Tasks by their place: none where no task depends on another, or too many do. */
  nodes: GraphNode[];
  /** Dependencies, each a line from the task that is waited for to the one that waits. */
  edges: GraphEdge[];
  /** Width of the area. */
  width: number;
  /** Height of the area. */
  height: number;
  /** Why nothing is drawn although tasks depend on each other: a sentence for people. */
  left: string | null;
}

/**
 * A task in a {@linkcode TaskGraph}.
 *
 * @example A box of an SVG
 * ```ts ignore
 * import type { GraphNode } from "@pipeloom/pipeloom/dashboard";
 *
 * const box = ({ x, y, width, height }: GraphNode) =>
 *   `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>`;
 * ```
 */
export interface GraphNode extends Pick<Task, "id" | "name" | "status"> {
  /** Its middle, from the left. */
  x: number;
  /** Its middle, from the top. */
  y: number;
  /** Width of its box. */
  width: number;
  /** Height of its box. */
  height: number;
}

/**
 * A dependency in a {@linkcode TaskGraph}.
 *
 * @example A line of an SVG
 * ```ts ignore
 * import type { GraphEdge } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ points }: GraphEdge) => `<polyline points="${points.join(" ")}"/>`;
 * ```
 */
export interface GraphEdge {
  /** The task that is waited for. */
  from: number;
  /** The task that waits. */
  to: number;
  /**
   * The points that its line goes through, x and y of each, one after the other: from the right side of one box to
   * the left side of the other.
   */
  points: number[];
}
