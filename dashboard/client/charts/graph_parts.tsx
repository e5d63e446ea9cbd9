/**
 * What a graph of tasks is made of: boxes and lines. Each is drawn again only when something of it changes.
 *
 * @module
 */
import type { GraphNode, TaskGraph } from "../../api.ts";
import type { TaskStatus } from "../lib/statuses.ts";
import { memo } from "../lib/memo.ts";
import { hrefOf } from "../lib/router.ts";
import { Name } from "../components/safe_text.tsx";
import { StatusIcon } from "../components/status_mark.tsx";

/** Width and half of the height of an arrow's head. */
const HEAD = { width: 6, height: 4 };

/** A task. `stop` makes it the one that Tab leads to. */
export const GraphBox = memo((
  { node, status, progress, stop, onFocus, onNear }: {
    node: GraphNode;
    status: TaskStatus;
    progress: number;
    stop: boolean;
    onFocus: (id: number) => void;
    onNear: (id: number | null) => void;
  },
) => {
  const { id, name, x, y, width, height } = node;
  const place = {
    left: `${x - width / 2}px`,
    top: `${y - height / 2}px`,
    width: `${width}px`,
    height: `${height}px`,
  };
  return (
    <a
      class={`graph-task is-${status}`}
      href={hrefOf({ view: "task", task: id })}
      style={place}
      data-task={id}
      tabindex={stop ? 0 : -1}
      title={`${name}: ${status}`}
      onFocus={() => {
        onFocus(id);
        onNear(id);
      }}
      onBlur={() => onNear(null)}
      onPointerEnter={() => onNear(id)}
      onPointerLeave={() => onNear(null)}
    >
      <StatusIcon status={status} />
      <span class="graph-name">
        <Name text={name} limit={120} />
      </span>
      <span class="visually-hidden">, {status}</span>
      {status === "running" && (
        <span class="graph-progress" style={{ transform: `scaleX(${progress})` }} />
      )}
    </a>
  );
});

/** All dependencies; those of the task `near` stand out. */
export function GraphLines({ graph, statuses, near }: {
  graph: TaskGraph;
  statuses: Map<number, TaskStatus>;
  near: number | null;
}) {
  return (
    <svg class="graph-lines" width={graph.width} height={graph.height} aria-hidden="true">
      {graph.edges.map(({ from, to, points }) => {
        // What a failure took with it.
        const isLost = statuses.get(to) === "cancelled" &&
          ["error", "cancelled"].includes(statuses.get(from) ?? "");
        const kind = from === near || to === near ? "is-near" : "";
        return (
          <Line key={`${from} ${to}`} points={points} kind={`${kind} ${isLost ? "is-lost" : ""}`} />
        );
      })}
    </svg>
  );
}

const Line = memo(({ points, kind }: { points: number[]; kind: string }) => (
  <path class={kind} d={pathOf(points)} />
));

/** A line that leaves and enters boxes level, with a head at its end. */
function pathOf(points: number[]): string {
  let [x = 0, y = 0] = points;
  let path = `M${x} ${y}`;
  for (let i = 2; i < points.length; i += 2) {
    const [toX, toY] = [points[i]!, points[i + 1]!];
    const middle = (x + toX) / 2;
    path += `C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  }
  return `${path}M${x - HEAD.width} ${y - HEAD.height}L${x} ${y}L${x - HEAD.width} ${
    y + HEAD.height
  }`;
}
