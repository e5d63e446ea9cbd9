/**
 * The weave: every task of a run as a cell, so that a hundred thousand are seen at a glance. It can be
 * pointed at, and walked through with the arrow keys.
 *
 * @module
 */
import type { TaskDetail, WeaveBlock } from "../../api.ts";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { BackendContext } from "../live/backend.ts";
import { formatCount, formatPercent } from "../../../internal/units.ts";
import { navigate } from "../lib/router.ts";
import { SafeText } from "../components/safe_text.tsx";
import { describeCounts, type StatusCounts, type TaskStatus } from "../lib/statuses.ts";
import { StatusMark } from "../components/status_mark.tsx";
import { useTheme } from "../lib/theme.ts";
import { progressOf, statusOf } from "./weave_cells.ts";
import { moveCursor, placesOf } from "./weave_layout.ts";
import { WeaveView } from "./weave_view.ts";

/** Height in CSS pixels, and what it may grow to for a great many tasks. */
const HEIGHT = 190;
const MOST_HEIGHT = 300;
/** On phones it stays small, or there would be nothing else. */
const MOST_HEIGHT_ON_PHONES = 220;
const NAME_AFTER_MS = 140;

export function Weave({ blocks, counts, total, filter }: {
  blocks: WeaveBlock[];
  counts: StatusCounts;
  total: number;
  filter: TaskStatus[];
}) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<WeaveView | null>(null);
  const [cell, setCell] = useState<number | null>(null);
  const [byKeys, setByKeys] = useState(false);
  const [perCell, setPerCell] = useState(1);
  const theme = useTheme();
  const shown = filter.join();

  useLayoutEffect(() => {
    const made = new WeaveView(canvas.current!);
    view.current = made;
    let known = 0;
    const fit = () => {
      const width = box.current!.clientWidth;
      if (width === known) return;
      known = width;
      made.resize(width, HEIGHT, width < 600 ? MOST_HEIGHT_ON_PHONES : MOST_HEIGHT);
      setPerCell(made.layout?.perCell ?? 1);
      setCell(null);
    };
    // Before the first frame, in which the weave has its size already.
    made.update(blocks, total);
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      made.close();
    };
  }, []);
  useLayoutEffect(() => {
    view.current!.update(blocks, total);
    setPerCell(view.current!.layout?.perCell ?? 1);
  }, [blocks, total]);
  useEffect(() => view.current!.paint(filter), [theme, shown]);

  const point = (event: MouseEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return view.current!.cellAt(event.clientX - left, event.clientY - top);
  };
  const open = (cell: number | null) => {
    if (cell === null) return;
    const { cells, layout } = view.current!;
    if (!layout) return;
    const id = cells.idAt(cells.worstPlace(...placesOf(layout, cell)));
    if (id !== null) navigate({ view: "task", task: id });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { layout } = view.current!;
    if (!layout?.cells) return;
    if (event.key === "Escape") return setCell(null);
    if (event.key === "Enter") return open(cell);
    const to = cell === null && event.key.startsWith("Arrow")
      ? 0
      : moveCursor(layout, cell ?? 0, event.key);
    if (to === null) return;
    event.preventDefault();
    setByKeys(true);
    setCell(to);
  };

  const read = blocks.reduce((sum, { cells }) => sum + cells.length, 0);
  const label = `Weave of ${formatCount(total)} tasks: ${describeCounts(counts)}. ` +
    "Arrow keys move from task to task, Enter opens one.";
  return (
    <div class="weave" ref={box}>
      <div
        class="weave-field"
        role="application"
        tabindex={0}
        aria-label={label}
        onKeyDown={onKeyDown}
        onBlur={() => setCell(null)}
        onPointerMove={(event) => {
          if (event.pointerType === "touch") return;
          setByKeys(false);
          setCell(point(event));
        }}
        onPointerLeave={() => byKeys || setCell(null)}
        onClick={(event) => open(point(event))}
      >
        <canvas ref={canvas} aria-hidden="true" class={cell === null ? "" : "pointed"} />
        {read < total && (
          <span class="weave-reading">Reading the tasks: {formatPercent(read / total)}</span>
        )}
        {cell !== null && view.current?.layout && cell < view.current.layout.cells &&
          (
            <Pointed
              key="pointed"
              view={view.current}
              cell={cell}
              announces={byKeys}
              blocks={blocks}
            />
          )}
      </div>
      {perCell > 1 &&
        (
          <p class="note">
            1 cell = {formatCount(perCell)} tasks; the worst of them gives its colour
          </p>
        )}
    </div>
  );
}

/** The frame around a cell and what is known of its task. */
function Pointed({ view, cell, announces }: {
  view: WeaveView;
  cell: number;
  announces: boolean;
  blocks: WeaveBlock[];
}) {
  const { cells } = view;
  const layout = view.layout!;
  const box = view.boxOf(cell);
  const [from, end] = placesOf(layout, cell);
  const to = Math.min(end, cells.count);
  const code = cells.codeAt(from);
  const id = cells.idAt(from);
  const single = end - from === 1;
  const name = useTaskName(single ? id : null);
  const tip = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    // Beside the cell, and within the weave.
    const { offsetWidth, offsetHeight, offsetParent, style } = tip.current!;
    const x = Math.max(0, Math.min(box.x - 8, offsetParent!.clientWidth - offsetWidth));
    const y = box.y > offsetHeight + 10 ? box.y - offsetHeight - 8 : box.y + box.size + 8;
    style.transform = `translate(${x}px, ${y}px)`;
  });

  const frame = {
    width: `${box.size + 4}px`,
    height: `${box.size + 4}px`,
    transform: `translate(${box.x - 2}px, ${box.y - 2}px)`,
  };
  return (
    <>
      <span class="weave-frame" style={frame} />
      <div class="tooltip" ref={tip} role={announces ? "status" : undefined}>
        {id === null ? <span class="faint">Not read yet</span> : single
          ? (
            <>
              <span class="tooltip-head">
                <span class="faint">#{id}</span>
                <StatusMark status={statusOf(code)} />
                {statusOf(code) === "running" && <span>{formatPercent(progressOf(code))}</span>}
              </span>
              {name &&
                (
                  <span class="tooltip-name">
                    <SafeText text={name} limit={200} />
                  </span>
                )}
            </>
          )
          : (
            <>
              <span class="faint">#{cells.idAt(from)} – #{cells.idAt(to - 1)}</span>
              <span>{describeCounts(cells.countsOf(from, to))}</span>
            </>
          )}
      </div>
    </>
  );
}

/** The name of a task, asked for when the pointer has rested on it. */
function useTaskName(id: number | null): string | null {
  const backend = useContext(BackendContext);
  const [known, setKnown] = useState<{ id: number | null; name: string | null }>({
    id: null,
    name: null,
  });
  useEffect(() => {
    if (id === null) return;
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      const task = await backend.get<TaskDetail>(`api/tasks/${id}`, { signal: controller.signal })
        // Without a name the tooltip still shows the status.
        .catch(() => null);
      if (!controller.signal.aborted && task) setKnown({ id, name: task.name });
    }, NAME_AFTER_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [backend, id]);
  return known.id === id ? known.name : null;
}
