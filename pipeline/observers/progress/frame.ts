/**
 * The lines that are drawn: from a run as it is at the moment to text, and nothing else, so that it can be
 * tested without a terminal.
 *
 * @module
 */
import { cleanLine } from "../../../internal/terminal_text.ts";
import type { ObservedRun, RunningTask } from "../run_observer.ts";
import type { RateEstimator } from "./rate_estimator.ts";
import { cut, pad, widthOf } from "./width.ts";

/** What there is to draw on. */
export interface Canvas {
  /** Columns of the terminal. */
  columns: number;
  /** Lines that may be used. */
  lines: number;
  /** Whether colours are wanted. */
  color: boolean;
}

/** Cells of the longest bar: a longer one tells no more. */
const MAX_BAR = 30;

/** Characters of a name or note that are looked at: what is longer is cut before it costs anything. */
const MAX_TEXT = 300;

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

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
    lines.push(cut(`  and ${number.format(hidden)} more running`, canvas.columns - 1));
  }
  note(view, running, pace, now);
  return [...lines, overallLine(view, pace, canvas)];
}

/** One line without bars, for where there is no terminal. */
export function summaryOf(view: ObservedRun, pace: RateEstimator, now: number): string {
  note(view, [...view.running()], pace, now);
  const percent = percentOf(view, pace);
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), 40);
  return `${name}: ${percent ? `${percent}  ` : ""}${figures(view, pace).join("  ")}`;
}

/** The line that stays when the run is over. */
export function lastLine(
  view: ObservedRun,
  pace: RateEstimator,
  status: string,
  color: boolean,
): string {
  const { done, error, cancelled } = view.counts;
  const parts = [`${number.format(done)} done`];
  if (error > 0) parts.push(`${number.format(error)} failed`);
  if (cancelled > 0) parts.push(`${number.format(cancelled)} cancelled`);
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), 40);
  const text = `${name}: ${status}, ${parts.join(", ")} in ${clock(pace.elapsed)}`;
  return color ? paint(text, status === "done" ? 32 : 31) : text;
}

function note(
  { counts }: ObservedRun,
  running: RunningTask[],
  pace: RateEstimator,
  now: number,
): void {
  const ended = counts.done + counts.error + counts.cancelled;
  let work = ended;
  for (const { fraction } of running) work += fraction ?? 0;
  pace.note(now, ended, work);
}

function overallLine(view: ObservedRun, pace: RateEstimator, { columns, color }: Canvas): string {
  const name = cut(cleanLine(view.name.slice(0, MAX_TEXT)), Math.floor(columns / 4));
  const percent = percentOf(view, pace);
  const parts = figures(view, pace);
  const after = cut(`${percent ? `${percent}  ` : ""}${parts.join("  ")}`, columns - 1);
  const left = columns - 1 - widthOf(after);
  const head = left > widthOf(name) + 2 ? `${name}  ` : "";
  const cells = Math.min(MAX_BAR, left - widthOf(head) - 2);
  const share = percent ? pace.share(view.total!) : 0;
  const bar = cells >= 5 ? `${drawBar(share, cells, color, view.counts.error > 0)}  ` : "";
  return head + bar + after;
}

function taskLine({ name, fraction, note }: RunningTask, { columns, color }: Canvas): string {
  const width = Math.max(4, Math.min(40, Math.floor(columns / 3)));
  const title = pad(cut(cleanLine(name.slice(0, MAX_TEXT)), width), width);
  const cells = Math.min(MAX_BAR, Math.floor(columns / 5));
  const percent = fraction === undefined ? "   …" : `${Math.floor(fraction * 100)}%`.padStart(4);
  const plain = `  ${title}  `;
  const left = columns - 1 - widthOf(plain);
  if (left < cells + 6) return cut(`  ${title} ${percent}`, columns - 1);
  const bar = drawBar(fraction ?? 0, cells, color, false);
  const said = note ? cut(` ${cleanLine(note.slice(0, MAX_TEXT))}`, left - cells - 5) : "";
  return `${plain}${bar} ${percent}${color && said ? paint(said, 2) : said}`;
}

function percentOf({ total }: ObservedRun, pace: RateEstimator): string {
  return total ? `${Math.floor(pace.share(total) * 100)}%` : "";
}

/** Count, rate, times and failures. */
function figures({ counts, total }: ObservedRun, pace: RateEstimator): string[] {
  const ended = counts.done + counts.error + counts.cancelled;
  const of = total === undefined ? "" : `/${number.format(total)}`;
  const { rate } = pace;
  const parts = [
    `${number.format(ended)}${of}`,
    `${rate >= 10 || rate === 0 ? number.format(rate) : rate.toFixed(1)}/s`,
    clock(pace.elapsed),
  ];
  const remaining = total === undefined ? undefined : pace.remaining(total);
  if (remaining !== undefined) parts.push(`ETA ${clock(remaining)}`);
  if (counts.error > 0) parts.push(`${number.format(counts.error)} failed`);
  return parts;
}

/** Minutes and seconds, with hours where there are any. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
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
