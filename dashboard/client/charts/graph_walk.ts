/**
 * The ways through a graph with the arrow keys: to the right to a task that waits for this one, to the left to one
 * that this one waits for, up and down within a column. Of several the nearest is meant.
 *
 * @module
 */
import type { GraphNode, TaskGraph } from "../../api.ts";

/** The task that a key leads to, `null` where there is none or the key is not one of ours. */
export function walk(
  { nodes, edges }: Pick<TaskGraph, "nodes" | "edges">,
  id: number,
  key: string,
): number | null {
  const here = nodes.find((node) => node.id === id);
  if (!here) return null;
  const nearest = (isMeant: (node: GraphNode) => boolean) => {
    let best: GraphNode | undefined;
    for (const node of nodes) {
      if (node.id === id || !isMeant(node)) continue;
      if (!best || distance(here, node) < distance(here, best)) best = node;
    }
    return best?.id ?? null;
  };
  switch (key) {
    case "ArrowRight": {
      const waiting = new Set(edges.filter(({ from }) => from === id).map(({ to }) => to));
      return nearest((node) => waiting.has(node.id));
    }
    case "ArrowLeft": {
      const needed = new Set(edges.filter(({ to }) => to === id).map(({ from }) => from));
      return nearest((node) => needed.has(node.id));
    }
    case "ArrowUp":
      return nearest(({ x, y }) => x === here.x && y < here.y);
    case "ArrowDown":
      return nearest(({ x, y }) => x === here.x && y > here.y);
    default:
      return null;
  }
}

function distance(a: GraphNode, b: GraphNode) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
