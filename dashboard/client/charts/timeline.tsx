/**
 * When tasks ran: a bar for each in as few lanes as they need. A picture of what the table has in words,
 * so it is one image to screen readers.
 *
 * @module
 */
import type { Run, Timeline as TimelineAnswer } from "../../api.ts";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  formatClock,
  formatCount,
  formatDuration,
  formatElapsed,
  timeOf,
} from "../../../internal/units.ts";
import { barAt, type Packed, type PackedBar, packLanes, timeMarks } from "./lanes.ts";
import { navigate } from "../lib/router.ts";
import { Name } from "../components/safe_text.tsx";
import { StatusMark } from "../components/status_mark.tsx";
import { knownEnd, STATUSES } from "../lib/statuses.ts";
import { colour, useTheme } from "../lib/theme.ts";
import { useAnswer } from "../live/use_answer.ts";

const REFETCH_MS = 3000;
const MOST_HEIGHT = 260;
const LARGEST_LANE = 16;
const AXIS = 22;

export function Timeline({ run, live }: { run: Run; live: boolean }) {
  const running = run.status === "running";
  const { answer, failure } = useAnswer<TimelineAnswer>(`api/runs/${run.id}/timeline`, {
    everyMs: running && live ? REFETCH_MS : 0,
  });
  if (failure && !answer) return <p class="note">{failure.message}</p>;
  if (!answer) return <div class="skeleton chart-skeleton" />;
  if (answer.bars.length === 0) return <p class="note">No task has been started yet.</p>;
  return <Lanes timeline={answer} run={run} />;
}

/** A bar under the pointer. */
interface Pointed {
  bar: PackedBar;
  x: number;
  y: number;
}

function Lanes({ timeline, run }: { timeline: TimelineAnswer; run: Run }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const theme = useTheme();
  // What is marked running in a run whose process is gone is known up to its last news.
  const until = timeOf(knownEnd(run, run.status === "running")) ?? timeline.at;
  const packed = useMemo(() => packLanes(timeline.bars, until), [timeline, until]);
  // Whole pixels are crisp; only when there are too many lanes for that they share one.
  const share = MOST_HEIGHT / packed.lanes;
  const lane = share >= 2 ? Math.min(LARGEST_LANE, Math.floor(share)) : share;
  const height = Math.ceil(lane * packed.lanes);
  const room = { width, height, lane };

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0) draw(canvas.current!, packed, room);
  }, [packed, width, theme]);
  useEffect(() => {
    if (!pointed) return;
    const x = Math.max(0, Math.min(pointed.x - 12, width - tip.current!.offsetWidth));
    tip.current!.style.transform = `translate(${x}px, ${pointed.y + 16}px)`;
  });

  const point = (event: MouseEvent): Pointed | null => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const perPixel = (packed.to - packed.from) / width;
    const place = {
      lane: Math.floor(y / lane),
      at: packed.from + x * perPixel,
      slack: 4 * perPixel,
    };
    const bar = barAt(packed.bars, place);
    return bar && { bar, x, y };
  };
  const left = timeline.started - timeline.bars.length;
  return (
    <figure class="chart timeline">
      <figcaption class="chart-legend">
        <span>
          {left > 0
            ? `The ${formatCount(timeline.bars.length)} longest of ${
              formatCount(timeline.started)
            } tasks`
            : `${formatCount(timeline.bars.length)} tasks`}
        </span>
        {notStarted(run, timeline) && <span>{notStarted(run, timeline)}</span>}
        <span class="faint">
          {formatCount(packed.most)} at a time · {formatDuration(
            packed.to - packed.from,
          )}
        </span>
      </figcaption>
      <div class="timeline-box">
        <canvas
          ref={canvas}
          class={pointed ? "pointed" : ""}
          style={{ height: `${height + AXIS}px` }}
          role="img"
          aria-label={`Timeline of ${
            formatCount(timeline.bars.length)
          } tasks in ${packed.lanes} lanes`}
          onPointerMove={(event) => setPointed(point(event))}
          onPointerLeave={() => setPointed(null)}
          onClick={(event) => {
            const hit = point(event);
            if (hit) navigate({ view: "task", task: hit.bar.id });
          }}
        />
        {pointed && (
          <div class="tooltip" ref={tip}>
            <span class="tooltip-head">
              <span class="faint">#{pointed.bar.id}</span>
              <StatusMark status={pointed.bar.status} />
              <span>
                {pointed.bar.to === null
                  ? `${formatElapsed(until - pointed.bar.from)} so far`
                  : formatDuration(pointed.bar.to - pointed.bar.from)}
              </span>
            </span>
            <span class="tooltip-name">
              <Name text={pointed.bar.name} limit={200} />
            </span>
          </div>
        )}
      </div>
    </figure>
  );
}

/** How many tasks no bar can stand for, in words. */
function notStarted({ status, counts }: Run, { skipped }: TimelineAnswer): string {
  const parts = [
    counts.queued > 0 &&
    `${formatCount(counts.queued)} ${status === "running" ? "not started yet" : "never started"}`,
    skipped > 0 && `${formatCount(skipped)} cancelled before their start`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function draw(
  canvas: HTMLCanvasElement,
  packed: Packed,
  { width, height, lane }: { width: number; height: number; lane: number },
): void {
  const scale = Math.max(1, globalThis.devicePixelRatio || 1);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round((height + AXIS) * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  const perPixel = (packed.to - packed.from) / width;
  const colours = Object.fromEntries(STATUSES.map((status) => [status, colour(`weave-${status}`)]));

  context.fillStyle = colour("text-2");
  context.strokeStyle = colour("line");
  context.font = "11px system-ui, sans-serif";
  for (const mark of timeMarks(packed.to - packed.from, width / 110)) {
    const x = Math.round(mark / perPixel) + 0.5;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height + 3);
    context.stroke();
    const text = mark === 0 ? formatClock(packed.from) : `+${formatDuration(mark)}`;
    const end = width - context.measureText(text).width;
    context.fillText(text, Math.min(x, end), height + 17);
  }
  for (const bar of packed.bars) {
    const x = (bar.from - packed.from) / perPixel;
    const long = Math.max(1.5, (bar.end - bar.from) / perPixel - (lane > 4 ? 1 : 0));
    context.fillStyle = colours[bar.status]!;
    const gap = lane > 8 ? 2 : lane > 3 ? 1 : 0;
    context.fillRect(x, bar.lane * lane, long, lane - gap);
  }
}
