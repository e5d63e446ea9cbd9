/**
 * Shows on the terminal how far a pipeline is; what `runPipeline({ progress: true })` loads.
 *
 * It draws to stderr, so that what the program writes to stdout can be piped. Where stderr is no terminal it
 * writes a plain line every few seconds instead. It asks for no permission.
 *
 * @module
 */
import { cleanLine } from "../../internal/terminal_text.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import { frameOf, lastLine, summaryOf } from "./progress/frame.ts";
import { RateEstimator } from "./progress/rate_estimator.ts";
import { ProgressTerminal } from "./progress/progress_terminal.ts";
import type { ProgressOptions } from "./progress_options.ts";
import type { ObservedRun, RunObserver } from "./run_observer.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import { readEnv } from "../../internal/permissions.ts";
import { writeTextSync } from "../../internal/write_all.ts";

/** Milliseconds between two plain lines. */
const INTERVAL_MS = 5_000;

/** The terminal that all runs of this process draw on. */
let screen: ProgressTerminal | undefined;

/** Makes the observer that shows a run. `hearsSignals` says whether the run stops gently at a signal. */
export function showProgress(options: ProgressOptions, hearsSignals: boolean): RunObserver {
  const { bars = Deno.stderr.isTerminal() && !isDumb() } = options;
  return bars ? new Bars(options, hearsSignals) : new Lines(options);
}

/** Bars on a terminal. */
class Bars implements RunObserver {
  readonly prints = true;
  readonly #maxBars: number;
  readonly #hasSummary: boolean;
  readonly #hideCursor: boolean;
  readonly #pace = new RateEstimator(performance.now());
  #view: ObservedRun | undefined;
  readonly #section = (columns: number, lines: number) =>
    frameOf(
      this.#view!,
      this.#pace,
      { columns, lines: Math.min(lines, this.#maxBars + 1), color: !Deno.noColor },
      performance.now(),
    );

  constructor(options: ProgressOptions, hideCursor: boolean) {
    this.#maxBars = options.maxBars ?? Infinity;
    this.#hasSummary = options.summary ?? true;
    this.#hideCursor = hideCursor;
  }

  waits(run: string): void {
    this.rewritten(waitingLine(run));
  }

  rewritten(text: string): void {
    if (screen) screen.print(text);
    else write(`${text}\n`);
  }

  begin(view: ObservedRun): void {
    this.#view = view;
    screen ??= new ProgressTerminal({ write, size: consoleSize });
    screen.add(this.#section, this.#hideCursor);
  }

  onLog(task: TaskIdentity, level: LogLevel, message: string): boolean {
    screen?.print(logLine(task, level, message));
    return screen !== undefined;
  }

  end(report: { status: string } | undefined): void {
    if (!this.#view) return;
    summaryOf(this.#view, this.#pace, performance.now());
    const line = lastLine(this.#view, this.#pace, report?.status ?? "failed", !Deno.noColor);
    screen?.remove(this.#section, this.#hasSummary ? line : undefined);
  }
}

/** Plain lines. */
class Lines implements RunObserver {
  readonly prints = true;
  readonly #intervalMs: number;
  readonly #hasSummary: boolean;
  readonly #pace = new RateEstimator(performance.now());
  #view: ObservedRun | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ intervalMs = INTERVAL_MS, summary = true }: ProgressOptions) {
    this.#intervalMs = intervalMs;
    this.#hasSummary = summary;
  }

  waits(run: string): void {
    this.rewritten(waitingLine(run));
  }

  rewritten(text: string): void {
    write(`${text}\n`);
  }

  begin(view: ObservedRun): void {
    this.#view = view;
    const print = () => write(`${summaryOf(view, this.#pace, performance.now())}\n`);
    this.#timer = setInterval(print, this.#intervalMs);
  }

  onLog(task: TaskIdentity, level: LogLevel, message: string): boolean {
    write(`${logLine(task, level, message)}\n`);
    return true;
  }

  end(report: { status: string } | undefined): void {
    clearInterval(this.#timer);
    if (!this.#view || !this.#hasSummary) return;
    summaryOf(this.#view, this.#pace, performance.now());
    write(`${lastLine(this.#view, this.#pace, report?.status ?? "failed", false)}\n`);
  }
}

function waitingLine(run: string): string {
  return `Waits: ${cleanLine(run)}`;
}

function logLine({ name }: TaskIdentity, level: LogLevel, message: string): string {
  const mark = level === "info" ? "" : `${cleanLine(String(level))}: `;
  return `${cleanLine(name.slice(0, 80))}: ${mark}${cleanLine(message)}`;
}

/** Writes to stderr. That nobody reads it any more is no reason for a pipeline to fail. */
function write(text: string): void {
  try {
    writeTextSync(Deno.stderr, text);
  } catch {
    // The terminal is gone.
  }
}

function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // A terminal that does not know says 0.
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** Whether the terminal cannot move its cursor, as far as that may be known without asking for permission. */
function isDumb(): boolean {
  return readEnv("TERM") === "dumb";
}
