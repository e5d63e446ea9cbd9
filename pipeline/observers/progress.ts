/**
 * Shows on the terminal how far a pipeline is; what `runPipeline({ progress: true })` loads.
 *
 * It draws to stderr, so that what the program writes to stdout can be piped. Where stderr is not a terminal it
 * writes a plain line every few seconds instead. It asks for no permission.
 *
 * @module
 */
import { cleanLine } from "../../internal/terminal_text.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import { LogThrottle } from "./progress/log_throttle.ts";
import { frameOf, lastLine, summaryOf } from "./progress/frame.ts";
import { RateEstimator } from "./progress/rate_estimator.ts";
import { ProgressTerminal } from "./progress/progress_terminal.ts";
import type { ProgressOptions } from "./progress_options.ts";
import type { ObservedRun, RunObserver } from "./run_observer.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import { canDraw, terminalSize, wantsColor, writeWhole } from "../../internal/terminal.ts";
import { endsGently } from "../signals.ts";

/** Milliseconds between two plain lines. */
const INTERVAL_MS = 5_000;

/** The terminal that all runs of this process draw on. */
let screen: ProgressTerminal | undefined;

/** Makes the observer that shows a run. */
export function showProgress(options: ProgressOptions): RunObserver {
  // Bars on a terminal that does not report its size would tear what other programs print there.
  const { bars = canDraw(Deno.stderr) && terminalSize() !== undefined } = options;
  return bars ? new Bars(options) : new Lines(options);
}

/** Bars on a terminal. */
class Bars implements RunObserver {
  /** Lines that float are torn by what is printed without a word to this thread. */
  readonly prints: boolean;
  readonly #screen: ProgressTerminal;
  readonly #maxBars: number;
  readonly #hasSummary: boolean;
  readonly #logs: LogThrottle | undefined;
  readonly #pace = new RateEstimator(performance.now());
  #view: ObservedRun | undefined;
  readonly #section = (columns: number, lines: number) =>
    frameOf(
      this.#view!,
      this.#pace,
      {
        columns,
        lines: Math.min(lines, this.#maxBars + 1),
        color: wantsColor(Deno.stderr),
      },
      performance.now(),
    );

  constructor(options: ProgressOptions) {
    this.#screen = screen ??= new ProgressTerminal({ write, size: terminalSize, endsGently });
    this.prints = !this.#screen.canPin;
    this.#maxBars = options.maxBars ?? Infinity;
    this.#hasSummary = options.summary ?? true;
    if (options.taskLogs ?? true) this.#logs = new LogThrottle((line) => this.#screen.print(line));
  }

  waits(run: string): void {
    this.rewritten(waitingLine(run));
  }

  rewritten(text: string): void {
    this.#screen.print(text);
  }

  begin(view: ObservedRun): void {
    this.#view = view;
    this.#screen.add(this.#section);
  }

  onLog(task: TaskIdentity, level: LogLevel, message: string): boolean {
    this.#logs?.print(logLine(task, level, message));
    return true;
  }

  end(report: { status: string } | undefined): void {
    if (!this.#view) return;
    this.#logs?.flush();
    summaryOf(this.#view, this.#pace, performance.now());
    const status = report?.status ?? "failed";
    const line = lastLine(this.#view, this.#pace, status, wantsColor(Deno.stderr));
    this.#screen.remove(this.#section, this.#hasSummary ? line : undefined);
  }
}

/** Plain lines. */
class Lines implements RunObserver {
  readonly #intervalMs: number;
  readonly #showsLogs: boolean;
  readonly #hasSummary: boolean;
  readonly #pace = new RateEstimator(performance.now());
  #view: ObservedRun | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ intervalMs = INTERVAL_MS, summary = true, taskLogs = true }: ProgressOptions) {
    this.#intervalMs = intervalMs;
    this.#showsLogs = taskLogs;
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
    if (this.#showsLogs) write(`${logLine(task, level, message)}\n`);
    return true;
  }

  end(report: { status: string } | undefined): void {
    clearInterval(this.#timer);
    if (!this.#view || !this.#hasSummary) return;
    summaryOf(this.#view, this.#pace, performance.now());
    const status = report?.status ?? "failed";
    write(`${lastLine(this.#view, this.#pace, status, wantsColor(Deno.stderr))}\n`);
  }
}

function waitingLine(run: string): string {
  return `Waits: ${cleanLine(run)}`;
}

function logLine({ name }: TaskIdentity, level: LogLevel, message: string): string {
  const mark = level === "info" ? "" : `${cleanLine(String(level))}: `;
  return `${cleanLine(name.slice(0, 80))}: ${mark}${cleanLine(message)}`;
}

/** Writes to stderr. A closed pipe must not fail a pipeline. */
function write(text: string): void {
  try {
    writeWhole(Deno.stderr, text);
  } catch {
    // The terminal is gone.
  }
}
