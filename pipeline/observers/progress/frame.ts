/**
 * The lines that are drawn: from a run as it is at the moment to text, and nothing else, so that it can be
 * tested without a terminal.
 *
 * @module
 */
import { cleanLine } from "../../../internal/terminal_text.ts";
import { endedOf } from "../../../internal/progress.ts";
import {
  formatCount,
  formatDuration,
  formatElapsed,
  formatPercent,
  formatRate,
} from "../../../internal/units.ts";
import type { ObservedRun, RunningTask } from "../run_observer.ts";
import type { RateEstimator } from "./rate_estimator.ts";
import { cut, pad, widthOf } from "./width.ts";

/** The area to draw on. */
export interface Canvas {
  /** Columns of the terminal. */
  columns: number;
  /** Lines that may be used. */
  lines: number;
  /** Whether colours are wanted. */
  color: boolean;
}

/** Cells of the longest bar: a longer one shows no more. */
const MAX_BAR = 30;

/** Characters of a name or note that are looked at: what is longer is cut before it costs anything. */
const MAX_TEXT = 300;

/** The bars of the running tasks, as many as there is room for, and below them the overall bar. */
export function frameOf(
  view: ObservedRun,
  pace: RateEstimator,
  canvas: Canvas,
  now: number,
): string[] {
  const running = [...view.running()];
  const room = Math.max(0, canvas.lines - 1);
  const shown = running.slice(0, running.length > room ? Math.max(0, room - 1) : room);
  const lines = shown.map((task) => taskLine(task, canvas));
  const hidden = running.length - shown.length;
  if (hidden > 0 && room > 0) {
    lines.push(cut(`  and ${formatCount(hidden)} more running`, canvas.columns - 1));
  }
  note(view, running, pace, now);
  const notice = noticeOf(view);
  if (notice && room > lines.length) {
    const line = cut(`  ${notice}`, canvas.columns - 1);
    lines.push(canvas.color ? paint(line, 33) : line);
  }
  return [...lines, overallLine(view, pace, canvas)];
}

/** One line without bars, for where there is no terminal. */
export function summaryOf(view: ObservedRun, pace: RateEstimator, now: number): string {
  note(view, [...view.running()], pace, now);
  const percent = percentOf(pace);
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), 40);
  const notice = noticeOf(view);
  const parts = [...figures(view, pace), ...(notice ? [notice] : [])];
  return `${name}: ${percent ? `${percent}  ` : ""}${parts.join("  ")}`;
}

/** Why no task begins, as long as any is to. */
function noticeOf(view: ObservedRun): string | undefined {
  const notice = view.notice?.();
  const isOver = view.total !== undefined && endedOf(view.counts) >= view.total;
  return notice && !isOver ? cleanLine(notice.slice(0, MAX_TEXT)) : undefined;
}

/** The line that stays when the run is over. */
export function lastLine(
  view: ObservedRun,
  pace: RateEstimator,
  status: string,
  color: boolean,
): string {
  const { done, error, cancelled } = view.counts;
  const parts = [`${formatCount(done)} done`];
  if (error > 0) parts.push(`${formatCount(error)} failed`);
  if (cancelled > 0) parts.push(`${formatCount(cancelled)} cancelled`);
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), 40);
  const text = `${name}: ${status}, ${parts.join(", ")} in ${formatDuration(pace.elapsed)}`;
  return color ? paint(text, status === "done" ? 32 : 31) : text;
}

function note(
  { counts, total, skipped }: ObservedRun,
  running: RunningTask[],
  pace: RateEstimator,
  now: number,
): void {
  const ended = endedOf(counts);
  const work = running.reduce((sum, { fraction }) => sum + (fraction ?? 0), ended);
  pace.note(now, ended, { work, total: total ?? null, before: skipped });
}

function overallLine(view: ObservedRun, pace: RateEstimator, { columns, color }: Canvas): string {
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), Math.floor(columns / 4));
  const percent = percentOf(pace);
  const parts = figures(view, pace);
  const after = cut(`${percent ? `${percent}  ` : ""}${parts.join("  ")}`, columns - 1);
  const left = columns - 1 - widthOf(after);
  const head = left > widthOf(name) + 2 ? `${name}  ` : "";
  const cells = Math.min(MAX_BAR, left - widthOf(head) - 2);
  const share = pace.share ?? 0;
  const bar = cells >= 5 ? `${drawBar(share, cells, color, view.counts.error > 0)}  ` : "";
  return head + bar + after;
}

function taskLine({ name, fraction, note }: RunningTask, { columns, color }: Canvas): string {
  const width = Math.max(4, Math.min(40, Math.floor(columns / 3)));
  const title = pad(cut(cleanLine(name.slice(0, MAX_TEXT)), width), width);
  const cells = Math.min(MAX_BAR, Math.floor(columns / 5));
  const percent = fraction === undefined ? "   …" : formatPercent(fraction).padStart(4);
  const plain = `  ${title}  `;
  const left = columns - 1 - widthOf(plain);
  if (left < cells + 6) return cut(`  ${title} ${percent}`, columns - 1);
  const bar = drawBar(fraction ?? 0, cells, color, false);
  const text = note ? cut(` ${cleanLine(note.slice(0, MAX_TEXT))}`, left - cells - 5) : "";
  return `${plain}${bar} ${percent}${color && text ? paint(text, 2) : text}`;
}

function percentOf({ share }: RateEstimator): string {
  return share === null ? "" : formatPercent(share);
}

/** Count, rate, times and failures. */
function figures({ counts, total }: ObservedRun, pace: RateEstimator): string[] {
  const ended = endedOf(counts);
  const of = total === undefined ? "" : `/${formatCount(total)}`;
  const { rate, remaining } = pace;
  const parts = [
    `${formatCount(ended)}${of}`,
    ...(rate === null ? [] : [formatRate(rate)]),
    formatElapsed(pace.elapsed),
  ];
  if (remaining !== null) parts.push(`ETA ${formatElapsed(remaining)}`);
  if (counts.error > 0) parts.push(`${formatCount(counts.error)} failed`);
  return parts;
}

function drawBar(share: number, cells: number, color: boolean, failed: boolean): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * cells);
  const done = "━".repeat(full);
  const rest = (color ? "━" : "─").repeat(cells - full);
  return color ? paint(done, failed ? 33 : 36) + paint(rest, 90) : done + rest;
}

function paint(text: string, code: number): string {
  return text && `\x1b[${code}m${text}\x1b[0m`;
}
