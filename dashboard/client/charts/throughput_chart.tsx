/**
 * The chart of a run's throughput: tasks done and failed per second over its life.
 *
 * @module
 */
import type { Sample } from "../../api.ts";
import type { TaskStatus } from "../lib/statuses.ts";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatClock, formatDuration, formatRate } from "../../../internal/units.ts";
import { memo } from "../lib/memo.ts";
import { peakAbove, throughput } from "./throughput.ts";
import { colour, useTheme } from "../lib/theme.ts";

const HEIGHT = 170;

export const ThroughputChart = memo(({ samples }: { samples: Sample[] }) => {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [place, setPlace] = useState<number | null>(null);
  const theme = useTheme();
  const curve = useMemo(() => throughput(samples), [samples]);
  // One point has no length of time, and an axis of any length would be made up.
  const isDrawn = curve.at.length > 1;
  const data: uPlot.AlignedData = isDrawn ? [curve.at, curve.done, curve.failed] : [[], [], []];

  // Rates stand at the ends of their parts; times are counted from the beginning of the run.
  const start = useRef(0);
  start.current = (samples[0]?.at ?? 0) / 1000;

  useEffect(() => {
    const width = Math.max(200, box.current!.clientWidth);
    chart.current = new uPlot(options(width, setPlace, start), data, box.current!);
    const observer = new ResizeObserver(([entry]) => {
      chart.current?.setSize({ width: Math.max(200, entry!.contentRect.width), height: HEIGHT });
    });
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      chart.current?.destroy();
    };
  }, [theme]);
  useEffect(() => chart.current?.setData(data), [curve]);

  const at = place !== null && place < curve.at.length ? place : curve.at.length - 1;
  const peak = useMemo(() => peakAbove(samples, curve.done), [samples, curve]);
  return (
    <figure class="chart">
      <figcaption class="chart-legend">
        {!isDrawn ? <span class="faint">Too little has been measured to be drawn</span> : (
          <>
            <span>
              <i class="swatch fill-done" />
              {formatRate(curve.done[at])} done
            </span>
            <span>
              <i class="swatch fill-error" />
              {formatRate(curve.failed[at])} failed
            </span>
            <span class="faint">
              at {formatClock(curve.at[at]! * 1000)}
              {peak === null ? "" : ` · peak ${formatRate(peak)}`}
            </span>
          </>
        )}
      </figcaption>
      <div
        ref={box}
        class="chart-box"
        role="img"
        aria-label={`Throughput: tasks per second over time${
          peak === null ? "" : `, at most ${formatRate(peak)}`
        }`}
      />
    </figure>
  );
});

function options(
  width: number,
  setPlace: (place: number | null) => void,
  start: { readonly current: number },
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour("text-2"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 22, 6, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 90,
        values: ({ data: [times] }, splits) =>
          splits.map((at) => momentOf(at, start.current, times.at(-1) ?? at)),
      },
      {
        ...axis,
        size: 64,
        space: 36,
        values: (_, splits) => splits.map((value) => labelOf(value, splits.at(-1)!)),
      },
    ],
    series: [
      {},
      series("done", { fill: `${colour("weave-done")}22` }),
      series("error", { dash: [5, 3] }),
    ],
    hooks: { setCursor: [({ cursor }) => setPlace(cursor.idx ?? null)] },
  };
}

/** A rate on an axis up to `most`: per second, or per minute or longer where that would be a small fraction. */
function labelOf(value: number, most: number): string {
  return most < 1 && value > 0 ? formatRate(value) : `${value.toLocaleString("en-US")}/s`;
}

/** The time of day, or the time since the beginning where seconds are too coarse. */
function momentOf(at: number, from: number, to: number): string {
  return to - from > 15 ? formatClock(at * 1000) : `+${formatDuration((at - from) * 1000)}`;
}

function series(status: TaskStatus, more: uPlot.Series): uPlot.Series {
  return { stroke: colour(`weave-${status}`), width: 1.5, points: { show: false }, ...more };
}
