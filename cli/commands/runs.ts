/**
 * `pipeloom runs`: the runs of a file.
 *
 * @module
 */
import type { Command } from "commander";
import type { Run, RunChecks, RunQuery } from "../../dashboard/api.ts";
import { readChecks } from "../../dashboard/server/queries/answers/checks.ts";
import type { Reader } from "../../dashboard/server/reader.ts";
import { BadRequest, runQuery } from "../../dashboard/server/params.ts";
import { findRuns, narrows } from "../../dashboard/server/queries/answers/find_runs.ts";
import { CommandError } from "../terminal/failure.ts";
import { type Cell, type Column, drawTable } from "../terminal/table.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { STATUS_SIGNS, STATUS_STYLES } from "../terminal/colors.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { formatCount, formatDuration, formatNumberOf } from "../../internal/units.ts";
import { rewrittenText } from "../../internal/rewritten_text.ts";
import { elapsedOf } from "../status/snapshot.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface RunsOptions extends DbOption {
  /** How many. */
  limit: number;
  /** Only runs of this name. */
  name?: string;
  /** Text in name, label or arguments. */
  grep?: string;
  /** Only runs in these statuses. */
  status?: string;
  /** Only runs that started at this time or later. */
  since?: string;
  /** Only runs that started at this time or earlier. */
  until?: string;
  /** Whether to print JSON. */
  json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "run", right: true },
  { title: "status" },
  { title: "name", max: 40, min: 8 },
  { title: "tasks", right: true, optional: true },
  { title: "done", right: true, optional: true },
  { title: "error", right: true, optional: true },
  { title: "elapsed", right: true, optional: true },
  { title: "started", optional: true },
  { title: "reason", max: 60, min: 10, optional: true },
];

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description("List the runs, newest first. The database is opened read-only.")
    .addOption(dbOption())
    .option("--limit <n>", "number of runs", wholeNumber(1), 20)
    .option("--name <name>", "only runs of this name")
    .option("--grep <text>", "only runs with this text in their name, label or arguments")
    .option("--status <list>", "only runs in these: running, done, error, cancelled, interrupted")
    .option(
      "--since <time>",
      "only runs that started at this time, or on this day in UTC, or later",
    )
    .option(
      "--until <time>",
      "only runs that started at this time, or on this day in UTC, or earlier",
    )
    .addOption(jsonOption("the runs"))
    .addHelpText(
      "after",
      examples(
        ["runs", "the newest 20"],
        ["runs --name nightly --since 2026-11-24 --until 2026-11-24", "those of a day"],
        ["runs --json | jq '.[0].id'", "the id of the newest"],
      ),
    );
}

/** Does it. */
export async function run(options: RunsOptions): Promise<ExitCode> {
  const { db, limit, json } = options;
  const query = queryOf(options);
  using reader = await openDatabase(db);
  const { runs: listed, next } = await findRuns((query) => query(reader), query, {
    before: Number.MAX_SAFE_INTEGER,
    limit,
  });
  const runs = await Promise.all(listed.map((run) => withChecks(reader, run)));
  if (json) {
    writeLines([sanitizedJson(runs, 2)]);
    return EXIT.done;
  }
  if (runs.length === 0) {
    writeLines([narrows(query) ? "No run matches" : `${sanitize(db)} has no runs yet`]);
    return EXIT.done;
  }
  const { width, paint } = surface();
  const shown = runs.some((run) => noteOf(run)) ? COLUMNS : COLUMNS.slice(0, -1);
  writeLines([
    ...drawTable(shown, runs.map((run) => toCells(run).slice(0, shown.length)), { width, paint }),
    ...(next === null ? [] : [paint("dim", `… and older ones: --limit ${limit * 5} shows more`)]),
  ]);
  return EXIT.done;
}

function queryOf({ name, grep, status, since, until }: RunsOptions): RunQuery {
  const params = { name, q: grep, status, from: since, to: until };
  try {
    return runQuery(params);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    const reason = error.message.replace(/^from\b/, "--since").replace(/^to\b/, "--until");
    throw new CommandError(`Cannot list the runs: ${reason}`);
  }
}

/** A run with the numbers of its checks, where its tasks made any. */
type CheckedRun = Omit<Run, "checks"> & { checks?: Omit<RunChecks, "checks"> };

async function withChecks(reader: Reader, { checks: _, ...run }: Run): Promise<CheckedRun> {
  const { passed = 0, failed = 0, warned = 0 } =
    await readChecks((query) => query(reader), run.id) ?? {};
  return passed + failed + warned === 0 ? run : { ...run, checks: { passed, failed, warned } };
}

function toCells(run: CheckedRun): Cell[] {
  const { id, status, name, label, counts, total, startedAt } = run;
  const elapsed = elapsedOf(run);
  return [
    { text: `${id}`, style: "bold" },
    {
      text: `${STATUS_SIGNS[status] ?? "?"} ${run.cancelling ? "cancelling" : sanitize(status)}${
        run.processGone ? " (process gone)" : ""
      }`,
      style: STATUS_STYLES[status],
    },
    { text: sanitize(label ? `${name} (${label})` : name) },
    { text: formatCount(total) },
    { text: formatCount(counts.done) },
    { text: formatCount(counts.error), style: counts.error > 0 ? "red" : undefined },
    { text: elapsed === null ? "" : formatDuration(elapsed) },
    { text: startedAt === null ? "" : localTime(startedAt), style: "dim" },
    { text: noteOf(run), style: run.reason || run.checks?.failed ? "red" : "yellow" },
  ];
}

/** Why a run failed, which checks did not pass, and what other programs did to its tasks. */
function noteOf(run: CheckedRun): string {
  const { failed = 0, warned = 0 } = run.checks ?? {};
  return [
    sanitize(run.reason ?? ""),
    failed > 0 ? formatNumberOf(failed, "failed check") : "",
    warned > 0 ? formatNumberOf(warned, "warning") : "",
    rewrittenText(run),
  ].filter(Boolean).join("; ");
}

/** A time of the database in the reader's time zone. */
function localTime(iso: string): string {
  const date = new Date(iso);
  // The Swedish way of writing a time is that of ISO 8601.
  return Number.isNaN(date.getTime()) ? sanitize(iso) : date.toLocaleString("sv-SE");
}
