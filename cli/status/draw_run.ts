/**
 * A run as lines of text, fitted to a width and a height.
 *
 * @module
 */
import { withLocalTime } from "../../internal/text/retry_text.ts";
import type { Run, Task } from "../../dashboard/api.ts";
import { type StatusCounts, TASK_STATUSES, type TaskStatus } from "../../internal/task_status.ts";
import { type Cell, type Column, drawTable, flow } from "../terminal/table.ts";
import { type Colorize, STATUS_SIGNS, STATUS_STYLES } from "../terminal/colors.ts";
import { sanitize } from "../terminal/sanitize.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatPercent,
  formatRate,
  formatWhen,
  sleepingText,
  timeOf,
} from "../../internal/units.ts";
import { rewrittenText } from "../../internal/rewritten_text.ts";
import { countsOfChecks, drawChecks } from "./draw_checks.ts";
import { type Snapshot, taskElapsed } from "./snapshot.ts";

/** Where lines go. */
export interface Surface {
  /** Columns that a line may have. */
  width: number;
  /** Lines that there may be. */
  height: number;
  /** What colours them. */
  paint: Colorize;
}

/** What a status looks like in a bar, so that they differ without colours. */
const BAR_SIGNS: Record<TaskStatus, string> = {
  done: "█",
  error: "▓",
  cancelled: "▒",
  running: "░",
  queued: "─",
};

/** From left to right in a bar. */
const BAR_ORDER: readonly TaskStatus[] = ["done", "error", "cancelled", "running", "queued"];

/** Widest bar of a run. */
const RUN_BAR = 60;

/** Width of a task's bar. */
const TASK_BAR = 10;

/** Width of a line from which on tasks have bars, and ids. */
const WIDE = 70;

/** Lines below which every one of them is needed for tasks. */
const LOW = 12;

/** Characters of a name that is followed by something. */
const NAME_MAX = 40;

function headOf(snapshot: Snapshot, surface: Surface): string[] {
  return [...drawHeader(snapshot, surface), ...(surface.height < LOW ? [] : [""])];
}

/** How many tasks may be skipped: the last ones fill the lines that are left for tasks. */
export function mostSkipped(snapshot: Snapshot, surface: Surface): number {
  const room = Math.max(1, surface.height - headOf(snapshot, surface).length);
  return Math.max(0, snapshot.matching - room);
}

/** A run's header and its tasks, `skipped` of which stand before the first. */
export function drawSnapshot(snapshot: Snapshot, surface: Surface, skipped = 0): string[] {
  const head = headOf(snapshot, surface);
  const room = surface.height - head.length;
  const { run, tasks, matching } = snapshot;
  if (room < 1 || run.total === 0) return head.slice(0, Math.max(1, surface.height));
  if (matching === 0) return [...head, surface.paint("dim", "No task matches")];
  const fits = tasks.length <= room && matching <= skipped + tasks.length;
  const shown = fits ? tasks : tasks.slice(0, Math.max(0, room - 1));
  const left = matching - skipped - shown.length;
  return [
    ...head,
    ...drawTasks(shown, { ...surface, active: snapshot.run.status === "running" }),
    ...(left > 0 ? [surface.paint("dim", `… ${formatNumberOf(left, "more task")}`)] : []),
  ];
}

/** The lines above the tasks: three of them where there is little room. */
export function drawHeader(snapshot: Snapshot, { width, height, paint }: Surface): string[] {
  const { run, checks, share, rate, remainingMs, silentMs } = snapshot;
  const name: Cell = { text: sanitize(run.name) || "(no name)", style: "bold" };
  const title = [name, ...labelOf(run), ...facts(snapshot)];
  const percent = share === null ? "" : ` ${formatPercent(share)}`;
  const bar = drawBar(run.counts, Math.min(RUN_BAR, width - percent.length), paint);
  const counts: Cell[] = TASK_STATUSES
    .filter((status) => run.counts[status] > 0)
    .sort((a, b) => BAR_ORDER.indexOf(a) - BAR_ORDER.indexOf(b))
    .map((status) => ({
      text: `${status} ${formatCount(run.counts[status])}`,
      style: STATUS_STYLES[status],
    }));
  if (counts.length === 0) {
    counts.push({ text: run.status === "running" ? "no tasks yet" : "no tasks" });
  }
  if (checks) counts.push(countsOfChecks(checks));
  if (run.unchanged) counts.push({ text: `${formatCount(run.unchanged)} unchanged` });
  if (rate !== null && rate > 0) counts.push({ text: formatRate(rate) });
  if (remainingMs !== null && remainingMs > 0) {
    counts.push({ text: `${formatDuration(remainingMs)} left` });
  }
  if (silentMs !== null) {
    counts.push({
      text: `no news for ${formatDuration(silentMs)}: its process may be gone`,
      style: "yellow",
    });
  }
  if (run.waitsForWorkers) counts.push({ text: "no worker is connected", style: "yellow" });
  if (run.asleep) counts.push({ text: asleepText(run.asleep) });
  if (run.progress.total === null && run.status !== "running") {
    counts.push({ text: "the total is unknown" });
  }
  if (run.reason) counts.push({ text: `failed as a whole: ${sanitize(run.reason)}`, style: "red" });
  if (run.processGone) counts.push({ text: leftOf(run), style: "yellow" });
  const rewritten = rewrittenText(run);
  if (rewritten) counts.push({ text: rewritten, style: "yellow" });
  const held = walHeld(run);
  if (held) counts.push({ text: held, style: "yellow" });
  const lines = height < LOW ? 1 : undefined;
  return [
    ...flow(title, { width, paint }).slice(0, lines),
    ...(run.total > 0 ? [bar + percent] : []),
    ...flow(counts, { width, paint }).slice(0, lines),
    ...(height < LOW ? [] : drawChecks(checks, { width, paint })),
  ];
}

/** What a run is called beside its name. */
function labelOf({ label }: Run): Cell[] {
  return label ? [{ text: sanitize(label) }] : [];
}

/** What a run whose process is gone has left, and the command that continues it. */
function leftOf({ id, counts }: Run): string {
  const left = counts.queued + counts.running;
  return `${formatNumberOf(left, "task")} left: pipeloom run <file> --resume ${id} continues it`;
}

/** A warning if readers keep the WAL from being emptied. */
export function walHeld({ health }: Run): string | undefined {
  const since = Date.parse(health?.walHeldSince ?? "");
  if (Number.isNaN(since)) return;
  const held = formatDuration(Math.max(0, Date.now() - since));
  return `readers have held the WAL for ${held}: ${formatBytes(health?.walBytes ?? 0)}`;
}

/** One line about a run, for outputs that are not a terminal. */
export function drawLine(snapshot: Snapshot): string {
  const { run, checks, ended, rate } = snapshot;
  const counts = TASK_STATUSES
    .filter((status) => run.counts[status] > 0)
    .map((status) => `${status} ${run.counts[status]}`);
  return [
    sanitize(run.name),
    ...facts(snapshot).map(({ text }) => text),
    `${ended} of ${run.progress.total ?? `${run.total} or more`} ended`,
    ...counts,
    ...(checks ? [countsOfChecks(checks).text] : []),
    ...(rate ? [formatRate(rate)] : []),
    ...(run.waitsForWorkers ? ["no worker is connected"] : []),
    ...(run.asleep ? [asleepText(run.asleep)] : []),
    ...(run.processGone ? [leftOf(run)] : []),
    ...[rewrittenText(run), walHeld(run)].filter(Boolean),
  ].join(" · ");
}

function facts({ run, elapsedMs }: Snapshot): Cell[] {
  const cells: Cell[] = [
    { text: nameOfRun(run) },
    // Other programs may have written anything there.
    {
      text: run.cancelling
        ? "cancelling"
        : `${sanitize(run.status)}${run.processGone ? " (process gone)" : ""}`,
      style: run.cancelling ? STATUS_STYLES.cancelled : STATUS_STYLES[run.status],
    },
  ];
  if (elapsedMs !== null) cells.push({ text: formatDuration(elapsedMs) });
  if (run.workers !== null) cells.push({ text: formatNumberOf(run.workers, "worker") });
  return cells;
}

/** `run 5`, or where its tasks come from when it is not ours. */
export function nameOfRun({ id }: Run): string {
  return id === 0 ? "tasks of the Python pipeloom" : `run ${id}`;
}

/** A bar with a part for each status; whatever there is gets a character at least. */
export function drawBar(counts: StatusCounts, width: number, paint: Colorize): string {
  const statuses = BAR_ORDER.filter((status) => counts[status] > 0);
  const total = statuses.reduce((sum, status) => sum + counts[status], 0);
  const sizes = statuses.map((status) => Math.max(1, Math.floor(counts[status] / total * width)));
  // What rounding took or gave is settled with the widest.
  const widest = sizes.indexOf(Math.max(...sizes));
  sizes[widest]! += width - sizes.reduce((sum, size) => sum + size, 0);
  return statuses.map((status, i) =>
    paint(STATUS_STYLES[status], BAR_SIGNS[status].repeat(Math.max(0, sizes[i]!)))
  ).join("");
}

/** A line for each task, of a run that is `active` or not. */
export function drawTasks(
  tasks: readonly Task[],
  { width, paint, active = true }: Surface & { active?: boolean },
): string[] {
  const wide = width >= WIDE;
  const columns: Column[] = [
    {},
    { right: true },
    { max: width === Infinity ? Infinity : NAME_MAX, min: 12 },
    {},
    { right: true },
    { right: true },
    { min: 0 },
  ];
  const rows = tasks.map((task): Cell[] => {
    const { id, name, status, progress } = task;
    const elapsed = taskElapsed(task, active);
    const started = status !== "queued" && elapsed !== null;
    return [
      {
        text: wide
          ? `${signOf(status)} ${task.cancelling ? "cancelling" : sanitize(status)}`
          : signOf(status),
        style: STATUS_STYLES[status],
      },
      { text: wide ? `${id}` : "", style: "dim" },
      { text: sanitize(name) || "(no name)" },
      { text: wide && status === "running" ? taskBar(progress) : "", style: "cyan" },
      { text: status === "queued" ? "" : formatPercent(progress) },
      { text: started ? formatDuration(elapsed) : "" },
      { text: messageOfTask(task), style: status === "error" && !task.rewritten ? "red" : "dim" },
    ];
  });
  return drawTable(columns, rows, { width, paint });
}

/** The number of tasks that sleep. */
function asleepText({ tasks, until }: Exclude<Run["asleep"], undefined>): string {
  return sleepingText(tasks, timeOf(until) ?? 0);
}

/** The sign of a status; another program may have written any. */
function signOf(status: TaskStatus): string {
  return STATUS_SIGNS[status] ?? "?";
}

function taskBar(progress: number): string {
  const full = Math.round(progress * TASK_BAR);
  return "█".repeat(full) + "░".repeat(TASK_BAR - full);
}

/** The last message of a task; of an error its first line. */
function messageOfTask({ status, message, error, rewritten, sleepsUntil }: Task): string {
  if (rewritten) return `another program wrote ${sanitize(Deno.inspect(rewritten))} here`;
  if (sleepsUntil) {
    const until = `sleeping until ${formatWhen(timeOf(sleepsUntil), Date.now())}`;
    return message ? `${until}: ${sanitize(message)}` : until;
  }
  const text = (status === "error" ? error?.split("\n")[0] ?? message : message) ?? "";
  return sanitize(withLocalTime(text));
}
