/**
 * `pipeloom durations`: how long the tasks of a run took.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { DurationGroup, RunDurations } from "../../dashboard/api.ts";
import { readDurations } from "../../dashboard/server/queries/answers/durations.ts";
import { formatCount, formatDuration, formatRatio } from "../../internal/units.ts";
import { findRun, type NamedRun, namedRun } from "../control/named_run.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { type Column, drawTable } from "../terminal/table.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface DurationsOptions extends DbOption {
  /** By what tasks are grouped. */
  by: RunDurations["by"];
  /** Another run than the one before. */
  against?: number;
  /** Whether to print JSON. */
  json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "tasks", right: true },
  { title: "p50", right: true },
  { title: "p95", right: true },
  { title: "p99", right: true },
  { title: "longest", right: true },
  { title: "p50 before", right: true, optional: true },
  { title: "ratio", right: true, optional: true },
  { title: "name", min: 20 },
];

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Show how long the tasks of a run (the newest) took that are done, by the pattern of their names or by " +
        "stage or by tag, beside the run of the same name before it. The database is opened read-only.",
    )
    .argument("[run]", 'id of the run, or "latest"', namedRun(0))
    .addOption(dbOption())
    .addOption(
      new Option("--by <what>", "group of tasks").choices(["name", "stage", "tag"]).default(
        "name",
      ),
    )
    .option("--against <run>", "another run to compare with", wholeNumber(1))
    .addOption(jsonOption("the durations in milliseconds, with histograms"))
    .addHelpText(
      "after",
      examples(
        ["durations", "the newest run of pipeloom.db"],
        ["durations 5 --against 2 --json | jq .all.p95", "for programs"],
      ),
    );
}

/** Does it. */
export async function run(
  { db, by, against, json }: DurationsOptions,
  named: NamedRun = "latest",
): Promise<ExitCode> {
  using reader = await openDatabase(db);
  const cannot = `Cannot show the durations of ${sanitize(db)}`;
  const run = findRun(reader, named, cannot);
  if (against !== undefined) findRun(reader, against, cannot);
  const durations = (await readDurations((query) => query(reader), run.id, { by, against }))!;
  if (json) {
    writeLines([sanitizedJson(durations, 2)]);
    return EXIT.done;
  }
  const { width, paint } = surface();
  const { all, groups, left, against: other } = durations;
  const beside = other === null ? "" : `, beside run ${other}`;
  const columns = other === null ? COLUMNS.filter(({ optional }) => !optional) : COLUMNS;
  const rows = [
    ...(all ? [toCells(all, "all tasks")] : []),
    ...groups.map((group) => toCells(group)),
  ];
  const shown = rows.map((cells) => cells.filter((_, i) => columns.includes(COLUMNS[i]!)));
  writeLines([
    paint("bold", sanitize(`Run ${run.id} ${run.name}`)) + beside,
    ...(all ? drawTable(columns, shown, { width, paint }) : ["No task is done"]),
    ...(left > 0
      ? [paint("dim", `… and ${formatCount(left)} more that took less time together`)]
      : []),
  ]);
  return EXIT.done;
}

function toCells({ name, count, p50, p95, p99, maxMs, before }: DurationGroup, label = name) {
  return [
    formatCount(count),
    formatDuration(p50),
    formatDuration(p95),
    formatDuration(p99),
    formatDuration(maxMs),
    before ? formatDuration(before.p50) : "",
    before ? formatRatio(before.p50, p50) : "",
    sanitize(label),
  ].map((text) => ({ text }));
}
