/**
 * Sets up the log of a program that has none of its own: lines on stderr, and in a file.
 *
 * Pipelines log through LogTape, by category: `["pipeloom", "run"]` starts and ends, `["pipeloom", "task"]`
 * failures and what tasks log, `["pipeloom", "writer"]` the driver and checkpoints that were held up. Until
 * LogTape is configured, with this function or by the program, nothing is logged. LogTape was chosen
 * because it is made for libraries: no dependencies, no permissions, silent by itself, and shared by all
 * copies of it in a program. (`pino` logs at once by default, and needs Node's streams.)
 *
 * @module
 */
import "./deno_only.js";
import {
  configure,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
  reset,
  type Sink,
} from "@logtape/logtape";
import { absolutePath } from "./internal/paths.ts";
import { checkInteger, checkOptionNames, namesOf } from "./internal/validate.ts";
import { cleanLine } from "./internal/terminal_text.ts";
import { writeWhole } from "./internal/terminal.ts";
import { writeTextSync } from "./internal/write_all.ts";
import { refuseDatabase } from "./internal/output_file.ts";

/**
 * Options of {@linkcode setupLogging}.
 *
 * @example A line for each run, and all in a file
 * ```ts ignore
 * import type { LoggingOptions } from "@pipeloom/pipeloom/logging";
 *
 * const options: LoggingOptions = { verbose: 1, logFile: "etl.log" };
 * ```
 */
export interface LoggingOptions {
  /**
   * Output on stderr: 0 is none, 1 (`-v`) events, 2 (`-vv`) their details.
   *
   * @default {0}
   */
  verbose?: number | undefined;
  /** File that every record is appended to, one line each. Its folder must exist. */
  logFile?: string | URL | undefined;
}

const NAMES = namesOf<LoggingOptions>({ logFile: true, verbose: true });

/** The least level that is printed, by verbosity. */
const LEVELS: readonly LogLevel[] = ["info", "debug"];

/** One record on one line, whatever is in it. */
const format = getTextFormatter({
  timestamp: "rfc3339",
  format: ({ timestamp, level, category, message }) =>
    cleanLine(`${timestamp} ${level} ${category}: ${message}`),
  sanitize: false,
  value: (value) => typeof value === "string" ? value : Deno.inspect(value),
});

/**
 * Configures LogTape, in place of what was configured before.
 *
 * @returns What ends the log and closes its file when it is disposed
 * @throws {Error} If the file cannot be opened
 *
 * @example A pipeline that logs what it does
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 * import { setupLogging } from "@pipeloom/pipeloom/logging";
 *
 * await using _log = await setupLogging({ verbose: 1 });
 * await runPipeline([1, 2, 3], { db: ":memory:", run: (n) => n * n });
 * ```
 */
export async function setupLogging(options: LoggingOptions = {}): Promise<AsyncDisposable> {
  const operation = "set up the log";
  checkOptionNames(options, { operation, known: NAMES });
  const { verbose = 0, logFile } = options;
  checkInteger(verbose, { operation, name: "verbose", min: 0 });
  const sinks: Record<string, Sink> = {};
  if (verbose > 0) sinks.console = atLeast(LEVELS[Math.min(verbose, LEVELS.length) - 1]!, print);
  const path = logFile === undefined ? undefined : absolutePath(pathOf(logFile));
  if (path !== undefined) await refuseDatabase(path, []);
  const file = path === undefined ? undefined : openLog(path);
  if (file) sinks.file = (record) => append(file, format(record));
  const names = Object.keys(sinks);
  await configure({
    reset: true,
    sinks,
    loggers: [
      { category: "pipeloom", lowestLevel: "debug", sinks: names },
      // What goes wrong with the log itself.
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: names },
    ],
  });
  return {
    async [Symbol.asyncDispose]() {
      await reset();
      file?.close();
    },
  };
}

/**
 * Prints to stderr: on a terminal through `console`, so that bars that float on it make way; elsewhere whole, because
 * `console` throws where a pipe is full.
 */
function print(record: LogRecord): void {
  // Progress bars have printed it above themselves.
  if (record.properties.shown === true) return;
  const line = format(record).trimEnd();
  if (Deno.stderr.isTerminal()) console.error("%s", line);
  else writeWhole(Deno.stderr, `${line}\n`);
}

const ORDER: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

function atLeast(level: LogLevel, sink: Sink): Sink {
  return (record) => {
    if (ORDER.indexOf(record.level) >= ORDER.indexOf(level)) sink(record);
  };
}

function pathOf(path: string | URL): string {
  return path instanceof URL ? decodeURIComponent(path.pathname) : path;
}

function openLog(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true });
  } catch (error) {
    throw new Error(
      `Cannot write the log to ${path}: ${
        (error as Error).message
      }; name a file in a folder that is ` +
        `there, and allow it with --allow-write`,
      { cause: error },
    );
  }
}

function append(file: Deno.FsFile, text: string): void {
  writeTextSync(file, `${text.trimEnd()}\n`);
}
