/**
 * `pipeloom errors`: what failed in a run and why, and what holds it up.
 *
 * @module
 */
import { causeText } from "../../internal/text/cause_text.ts";
import type { Command } from "commander";
import type { FailureCause, FailureReport, Run, RunDelays, Task } from "../../dashboard/api.ts";
import { readDelays } from "../../dashboard/server/queries/answers/delays.ts";
import { readFailures } from "../../dashboard/server/queries/answers/failures.ts";
import {
  formatClock,
  formatCount,
  formatDuration,
  formatElapsed,
  formatNumberOf,
  formatShare,
  formatWhen,
  timeOf,
} from "../../internal/units.ts";
import { findRun, type NamedRun, namedRun } from "../control/named_run.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { taskElapsed } from "../status/snapshot.ts";
import type { Colorize } from "../terminal/colors.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { printableLines, sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { type Column, drawTable } from "../terminal/table.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface ErrorsOptions extends DbOption {
  /** How many causes. */
  limit: number;
  /** Whether to print the sample's error with its stack. */
  stacks?: boolean;
  /** Whether to print JSON. */
  json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "cause" },
  { title: "tasks", right: true },
  { title: "share", right: true },
  { title: "first", optional: true },
  { title: "last", optional: true },
  { title: "message", min: 20 },
];

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Show the failures of a run (default: the newest) by cause: messages that differ only in numbers, " +
        "ids, quoted parts, paths and URLs are one cause. Then show which tasks delay it, and the slowest. " +
        "The database is opened read-only.",
    )
    .argument("[run]", 'id of the run, or "latest"', namedRun(0))
    .addOption(dbOption())
    .option("--limit <n>", "number of causes", wholeNumber(1), 20)
    .option("--stacks", "show the error of one task of each cause with its stack")
    .addOption(jsonOption("the causes and the tasks"))
    .addHelpText(
      "after",
      examples(
        ["errors", "the newest run of pipeloom.db"],
        ["errors 5 --db etl.db --stacks", "with a stack for each cause"],
        ["errors --json | jq -r '.failures.causes[0].text'", "for programs"],
      ),
    );
}

/** Does it. */
export async function run(
  { db, limit, stacks, json }: ErrorsOptions,
  named: NamedRun = "latest",
): Promise<ExitCode> {
  using reader = await openDatabase(db);
  const run = findRun(reader, named, `Cannot show the errors of ${sanitize(db)}`);
  const failures = (await readFailures((query) => query(reader), run.id, { limit }))!;
  const delays = (await readDelays((query) => query(reader), run.id))!;
  if (json) {
    writeLines([sanitizedJson({ run: run.id, failures, delays }, 2)]);
    return EXIT.done;
  }
  const { width, paint } = surface();
  writeLines([
    paint("bold", sanitize(`Run ${run.id} ${run.name}`)),
    ...drawFailures(run, failures, { width, paint, stacks }),
    ...drawDelays(delays, paint),
  ]);
  return EXIT.done;
}

function drawFailures(
  run: Run,
  { total, causes, left }: FailureReport,
  { width, paint, stacks }: { width: number; paint: Colorize; stacks: boolean | undefined },
): string[] {
  const reason = run.reason ? [paint("red", sanitize(run.reason))] : [];
  if (total === 0) return [...reason, "No task has failed"];
  const now = Date.now();
  const when = (time: string | null) => formatWhen(timeOf(time), now);
  const rows = causes.map((cause) => [
    { text: cause.id, style: "dim" as const },
    { text: formatCount(cause.count), style: "red" as const },
    { text: formatShare(cause.share) },
    { text: when(cause.firstAt), style: "dim" as const },
    { text: when(cause.lastAt), style: "dim" as const },
    { text: sanitize(causeText(cause)) },
  ]);
  return [
    ...reason,
    `${formatNumberOf(total, "task")} failed of ${formatNumberOf(causes.length + left, "cause")}`,
    ...drawTable(COLUMNS, rows, { width, paint }),
    ...(left > 0 ? [paint("dim", `… and ${formatCount(left)} more: --limit`)] : []),
    ...(stacks ? causes.flatMap((cause) => drawStack(cause, paint)) : []),
  ];
}

function drawStack({ id, sample }: FailureCause, paint: Colorize): string[] {
  const lines = printableLines(sample.error ?? "").split("\n").map((line) => `  ${line}`);
  return ["", paint("bold", sanitize(`${id}: task ${sample.id} ${sample.name}`)), ...lines];
}

function drawDelays({ at, silent, retries, slowest }: RunDelays, paint: Colorize): string[] {
  const lines: string[] = [];
  if (silent.total > 0) lines.push(paint("yellow", silentText({ at, silent })));
  if (retries.total > 0) {
    lines.push(
      `${formatNumberOf(retries.total, "task")} ${retries.total === 1 ? "waits" : "wait"} for a ` +
        `retry, the first at ${formatClock(timeOf(retries.nextAt))}: ${namesOf(retries.tasks)}`,
    );
  }
  if (slowest.length > 0) {
    const times = slowest.map((task) => `${nameOf(task)} ${formatDuration(taskElapsed(task))}`);
    lines.push(`Slowest: ${times.join(", ")}`);
  }
  return lines;
}

function silentText({ at, silent }: Pick<RunDelays, "at" | "silent">): string {
  const [first] = silent.tasks;
  const since = timeOf(first?.updatedAt) ?? timeOf(first?.startedAt) ?? at;
  const what = formatNumberOf(silent.total, "task");
  const one = silent.total === 1;
  const holds = silent.holdUp
    ? `${what} ${one ? "holds" : "hold"} the run up, silent for`
    : `${what} ${one ? "has" : "have"} been silent for`;
  return `${holds} ${formatElapsed(at - since)}: ${namesOf(silent.tasks)}`;
}

function namesOf(tasks: readonly Task[]): string {
  return tasks.map(nameOf).join(", ");
}

function nameOf({ id, name }: Task): string {
  return sanitize(`${name} (${id})`);
}
