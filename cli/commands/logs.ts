/**
 * `pipeloom logs`: what the tasks of a run logged.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { RunLogLine } from "../../dashboard/api.ts";
import {
  type LogFind,
  readRunLog,
  runLogLines,
} from "../../dashboard/server/queries/answers/run_log.ts";
import { getRun } from "../../dashboard/server/queries/runs.ts";
import { delay } from "../../internal/delay.ts";
import { LOG_LEVELS } from "../../internal/log_level.ts";
import { formatWhen, timeOf } from "../../internal/units.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import { findRun, type NamedRun, namedRun } from "../control/named_run.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, wholeNumber } from "../options.ts";
import type { Colorize, Style } from "../terminal/colors.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Milliseconds between two looks for new lines. */
const LOOK_MS = 200;

/** Lines of a page that is read backwards. */
const PAGE_LINES = 1_000;

/** Options of the command. */
export interface LogsOptions extends DbOption {
  /** Only the lines of this task. */
  task?: number;
  /** The least level. */
  level?: LogFind["level"];
  /** Text that lines contain. */
  grep?: string;
  /** The number of last lines to print; all where it is not given. */
  tail?: number;
  /** Whether to print what is logged until the run has ended. */
  follow?: boolean;
  /** Whether to print JSON. */
  json?: boolean;
}

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  debug: "dim",
  warn: "yellow",
  error: "red",
};

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Print what the tasks of a run (the newest) logged, oldest first. The database is opened read-only.",
    )
    .argument("[run]", 'id of the run, or "latest"', namedRun(0))
    .addOption(dbOption())
    .option("--task <id>", "only lines of this task", wholeNumber(1))
    .addOption(
      new Option("--level <level>", "only lines of this level and those above it")
        .choices(LOG_LEVELS),
    )
    .option("--grep <text>", "only lines with this text, in any case")
    .option("--tail <n>", "only the last lines", wholeNumber(0))
    .option("-f, --follow", "print new lines until the run has ended")
    .option("--json", "print each line as JSON")
    .addHelpText(
      "after",
      examples(
        ["logs", "the newest run of pipeloom.db"],
        ["logs -f --level warn", "warnings and errors as they come"],
        ["logs 5 --task 1207 --grep timeout", "lines of a task with a text in them"],
        ["logs --tail 100 --json | jq -r .message", "for programs"],
      ),
    );
}

/** Does it. */
export async function run(options: LogsOptions, named: NamedRun = "latest"): Promise<ExitCode> {
  const { db, task, level = "", grep: q = "", tail, follow } = options;
  using reader = await openDatabase(db);
  const { id } = findRun(reader, named, `Cannot print the log of ${sanitize(db)}`);
  const find: LogFind = { q, level, task };
  const stop = new AbortController();
  using _ = onInterrupt((signal) => stop.abort(signal));
  const { signal } = stop;
  const read = <T>(query: (from: typeof reader) => T) => query(reader);
  const print = printerOf(options);
  let after = 0;
  try {
    if (tail !== undefined) {
      const { lines, last } = await readTail(read, id, { find, tail, signal });
      if (!print(lines)) return EXIT.done;
      after = last;
    }
    for (let isOver = tail !== undefined && !follow; !isOver;) {
      // What is logged before the end is seen is printed in this round.
      isOver = !follow || read((reader) => getRun(reader, id))?.status !== "running";
      for await (const { lines, last } of runLogLines(read, id, { find, after, signal })) {
        after = last;
        if (!print(lines)) return EXIT.done;
      }
      if (!isOver) await delay(LOOK_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return signal.aborted ? exitCodeOf(signal.reason as Deno.Signal) : EXIT.done;
}

/** The last lines of a run. */
async function readTail(
  read: Parameters<typeof readRunLog>[0],
  run: number,
  { find, tail, signal }: { find: LogFind; tail: number; signal: AbortSignal },
): Promise<{ lines: RunLogLine[]; last: number }> {
  let lines: RunLogLine[] = [];
  let before: number | null = Number.MAX_SAFE_INTEGER;
  let end: number | undefined;
  while (before !== null && (lines.length < tail || end === undefined)) {
    const limit = Math.max(1, Math.min(PAGE_LINES, tail - lines.length));
    const range = { after: 0, before };
    const page = await readRunLog(read, run, { find, range, limit, signal });
    end ??= page.last;
    lines = [...page.lines, ...lines];
    before = page.previous;
  }
  return { lines: tail === 0 ? [] : lines.slice(-tail), last: end ?? 0 };
}

/** Prints lines; what it returns is whether anything still reads them. */
function printerOf({ json, task }: LogsOptions): (lines: readonly RunLogLine[]) => boolean {
  const { paint } = surface();
  const draw = json
    ? (line: RunLogLine) => sanitizedJson(line)
    : (line: RunLogLine) => drawLine(line, { paint, isNamed: task === undefined });
  return (lines) => lines.length === 0 || writeLines(lines.map(draw));
}

function drawLine(
  { at, level, task, message, cut }: RunLogLine,
  { paint, isNamed }: { paint: Colorize; isNamed: boolean },
): string {
  const style = LEVEL_STYLES[level];
  const name = isNamed ? `${paint("cyan", sanitize(`${task.name} (${task.id})`))} ` : "";
  const time = paint("dim", formatWhen(timeOf(at), Date.now()));
  return `${time} ${paint(style, sanitize(level).padEnd(5))} ${name}${
    paint(style, sanitize(message))
  }${cut ? "…" : ""}`;
}
