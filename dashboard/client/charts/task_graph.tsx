/**
 * Which tasks wait for which: a box for each task, in columns from left to right. The server lays it out once; what
 * becomes of the tasks comes with the weave.
 *
 * Lines are drawn, boxes are links: they can be read out, focused and opened in a tab of their own. Tab leads to one
 * box, the arrow keys from box to box.
 *
 * @module
 */
import type { RefObject } from "preact";
import type { TaskStatus } from "../lib/statuses.ts";
import type { Run, TaskGraph as Graph, WeaveBlock } from "../../api.ts";
import {
  type Dispatch,
  type StateUpdater,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "preact/hooks";
import { formatCount } from "../../../internal/units.ts";
import { GraphBox, GraphLines } from "./graph_parts.tsx";
import { walk } from "./graph_walk.ts";
import { codesOf } from "./task_codes.ts";
import { useAnswer } from "../live/use_answer.ts";
import { progressOf, statusOf } from "../weave/weave_cells.ts";

/** A graph is not made smaller by itself than names can be read. */
const LEAST_READABLE = 0.7;
const LEAST = 0.1;
/** From here on boxes are dots of colour. */
const FAR = 0.4;
const MOST = 2;
const STEP = 1.25;

/** Room for a graph, in CSS pixels. */
interface Room {
  width: number;
  /** Greatest height. */
  most: number;
}

export function TaskGraph({ run, blocks }: { run: Run; blocks: WeaveBlock[] }) {
  const { answer, failure } = useAnswer<Graph>(`api/runs/${run.id}/graph`);
  if (failure && !answer) return <p class="note">{failure.message}</p>;
  if (!answer) return <div class="skeleton chart-skeleton" />;
  if (answer.left) return <p class="note">{answer.left}</p>;
  if (answer.nodes.length === 0) {
    return <p class="note">No task of this run depends on another.</p>;
  }
  return <Drawing graph={answer} blocks={blocks} total={run.total} />;
}

function Drawing({ graph, blocks, total }: { graph: Graph; blocks: WeaveBlock[]; total: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<Room | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const [near, setNear] = useState<number | null>(null);
  const codes = useMemo(() => codesOf(blocks, graph.nodes.map(({ id }) => id)), [blocks, graph]);
  const statuses = useMemo(
    () =>
      new Map(graph.nodes.map(({ id, status }, i): [number, TaskStatus] => {
        const code = codes[i];
        return [id, code === undefined ? status : statusOf(code)];
      })),
    [codes, graph],
  );
  const [focused, setFocused] = useState(() => firstToSee(graph, statuses));
  const scale = chosen ?? (room ? clamp(room.width / graph.width, LEAST_READABLE, 1) : 1);
  useRoom(box, setRoom);
  useCentre(box, scale);
  useEffect(() => {
    const { x, y } = graph.nodes.find(({ id }) => id === focused)!;
    const { clientWidth, clientHeight } = box.current!;
    if (room) box.current!.scrollTo(x * scale - clientWidth / 2, y * scale - clientHeight / 2);
  }, [room === null]);

  const fit = room &&
    clamp(Math.min(room.width / graph.width, room.most / graph.height), LEAST, 1);
  const zoom = (factor: number) => setChosen(clamp(scale * factor, LEAST, MOST));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const id = walk(graph, focused, event.key);
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    if (id !== null) box.current!.querySelector<HTMLElement>(`[data-task="${id}"]`)!.focus();
  };
  const others = total - graph.nodes.length;
  return (
    <div class="graph">
      <div class="graph-head">
        <p class="note">
          {formatCount(graph.nodes.length)} tasks, {formatCount(graph.edges.length)}{" "}
          dependencies{others > 0 &&
            `; ${formatCount(others)} ${others === 1 ? "task stands" : "tasks stand"} alone`}
        </p>
        <span class="spread" />
        <div class="segmented" role="group" aria-label="Size of the graph">
          <ZoomButton label="Smaller" text="−" onClick={() => zoom(1 / STEP)} />
          <ZoomButton label="Larger" text="+" onClick={() => zoom(STEP)} />
          <ZoomButton text="Fit" onClick={() => setChosen(fit)} />
        </div>
      </div>
      <div
        class={`graph-box ${scale < FAR ? "is-far" : ""}`}
        ref={box}
        role="group"
        onKeyDown={onKeyDown}
        aria-label="Graph of tasks: arrow keys move along dependencies, Enter opens a task"
      >
        <div
          class="graph-sizer"
          style={{
            width: `${Math.ceil(graph.width * scale)}px`,
            height: `${Math.ceil(graph.height * scale)}px`,
          }}
        >
          <div
            class="graph-layer"
            style={{
              width: `${graph.width}px`,
              height: `${graph.height}px`,
              transform: `scale(${scale})`,
            }}
          >
            <GraphLines graph={graph} statuses={statuses} near={near} />
            {graph.nodes.map((node, i) => (
              <GraphBox
                key={node.id}
                node={node}
                status={statuses.get(node.id)!}
                progress={progressOf(codes[i] ?? 0)}
                stop={node.id === focused}
                onFocus={setFocused}
                onNear={setNear}
              />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

/** The task that the picture begins with: one that failed, else one that runs, else one that waits for none. */
function firstToSee({ nodes }: Graph, statuses: Map<number, TaskStatus>): number {
  const left = nodes.reduce((a, b) => b.x < a.x ? b : a);
  const of = (status: TaskStatus) => nodes.find(({ id }) => statuses.get(id) === status);
  return (of("error") ?? of("running") ?? left).id;
}

function ZoomButton(
  { label, text, onClick }: { label?: string; text: string; onClick: () => void },
) {
  return (
    <button
      type="button"
      class="icon-button graph-zoom"
      aria-label={label}
      title={label ?? "Show all of it"}
      onClick={onClick}
    >
      {text}
    </button>
  );
}

/** Reports how much room there is, now and whenever it changes. */
function useRoom(
  box: RefObject<HTMLElement | null>,
  setRoom: Dispatch<StateUpdater<Room | null>>,
): void {
  useLayoutEffect(() => {
    const current = box.current!;
    const measure = () => {
      const width = current.clientWidth;
      const most = Number.parseFloat(getComputedStyle(current).maxHeight);
      setRoom((old) => old && old.width === width && old.most === most ? old : { width, most });
    };
    // Before anything is painted: it would be seen to change its size.
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
}

/** Keeps the middle of what is seen where it is when the scale changes. */
function useCentre(box: RefObject<HTMLElement | null>, scale: number): void {
  const last = useRef(scale);
  useLayoutEffect(() => {
    const current = box.current!;
    const factor = scale / last.current;
    last.current = scale;
    if (factor === 1) return;
    const [x, y] = [current.clientWidth / 2, current.clientHeight / 2];
    current.scrollTo((current.scrollLeft + x) * factor - x, (current.scrollTop + y) * factor - y);
  }, [scale]);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
