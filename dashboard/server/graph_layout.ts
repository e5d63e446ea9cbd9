/**
 * Where the tasks of a graph stand: in columns from left to right, each to the right of all that it waits for, with
 * as few lines crossing as can be had quickly.
 *
 * Loaded when a graph is asked for first, so that a dashboard without one does not pay for it.
 *
 * @module
 */
import { type EdgeLabel, Graph, type GraphLabel, layout, type NodeLabel } from "@dagrejs/dagre";
import type { GraphEdge, GraphNode, Task, TaskGraph } from "../api.ts";

/** CSS pixels of a box beside its name: the status, the gaps and the border. */
const BOX_EXTRA = 48;

/** CSS pixels of a character: the server has no fonts, and the page cuts what is too long. */
const CHARACTER = 7;

/** Narrowest and widest box in CSS pixels. All are of one width, so that columns have straight edges. */
const BOX_WIDTH = { min: 112, max: 224 };

/** CSS pixels. */
const BOX_HEIGHT = 34;

/** CSS pixels between two boxes of a column, two lines, and two columns; and around all of it. */
const GAPS = { nodesep: 14, edgesep: 10, ranksep: 56, marginx: 10, marginy: 10 };

/** Lays tasks out by what they wait for: pairs of a task that is waited for and one that waits. */
export function layOut(
  tasks: readonly Pick<Task, "id" | "name" | "status">[],
  pairs: readonly (readonly [from: number, to: number])[],
): Omit<TaskGraph, "left"> {
  const longest = tasks.reduce((max, { name }) => Math.max(max, name.length), 0);
  const box = {
    width: Math.min(BOX_WIDTH.max, Math.max(BOX_WIDTH.min, BOX_EXTRA + CHARACTER * longest)),
    height: BOX_HEIGHT,
  };
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  // The default ranker finds somewhat shorter lines, and takes five times as long for 500 tasks (measured).
  graph.setGraph({ ...GAPS, rankdir: "LR", ranker: "tight-tree" });
  // What comes last is put on top.
  for (const { id } of tasks.toReversed()) graph.setNode(`${id}`, { ...box });
  for (const [from, to] of pairs.toReversed()) graph.setEdge(`${from}`, `${to}`, {});
  layout(graph);
  const nodes = tasks.map(({ id, name, status }): GraphNode => {
    const { x = 0, y = 0 } = graph.node(`${id}`);
    return { id, name, status, x: Math.round(x), y: Math.round(y), ...box };
  });
  const places = new Map(nodes.map((node) => [node.id, node]));
  const half = box.width / 2;
  const edges = pairs.map(([from, to]): GraphEdge => {
    const [start, end] = [places.get(from)!, places.get(to)!];
    const { points = [] } = graph.edge(`${from}`, `${to}`);
    // Between its ends a line has a place in each gap and in each column. The ends are the middles of the sides of
    // boxes, gaps are crossed in one bend, and columns level.
    const columns = points.slice(1, -1).filter((_, i) => i % 2 === 1)
      .flatMap(({ x, y }) => [x - half, y, x + half, y].map(Math.round));
    return { from, to, points: [start.x + half, start.y, ...columns, end.x - half, end.y] };
  });
  const { width = 0, height = 0 } = graph.graph();
  return { nodes, edges, width: Math.ceil(width), height: Math.ceil(height) };
}
