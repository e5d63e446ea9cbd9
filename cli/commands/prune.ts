/**
 * `pipeloom prune`: deletes old runs.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import type { Reader } from "../../dashboard/server/reader.ts";
import { exitAfter, onInterrupt } from "../../pipeline/signals.ts";
import {
  chooseRuns,
  countRows,
  deleteRest,
  deleteRun,
  findRests,
  type PrunableRun,
  type PrunedRows,
} from "../../writer/client/prune.ts";
import { countVersions, pruneVersions } from "../../writer/client/prune_versions.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { openDatabase, rollBack } from "../open_database.ts";
import { openWriter } from "../open_writer.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { pages } from "../../sqlite/pragmas.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { formatBytes, formatNumberOf, parseDuration } from "../../internal/units.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface PruneOptions extends DbOption {
  /** Milliseconds for which ended runs stay. */
  keep?: number;
  /** How many of the newest runs stay. */
  keepRuns?: number | undefined;
  /** Whether nothing is deleted. */
  dryRun?: boolean;
  /** Whether running runs may go. */
  force?: boolean | undefined;
  /** Whether to print JSON. */
  json?: boolean;
}

/** What was done, or would be. */
interface Outcome {
  runs: number[];
  /** Rows that are deleted. */
  rows: PrunedRows & { versions: number };
  /** Bytes that became free within the file. */
  freedBytes: number | null;
  /** Runs that are spared because they are running. */
  running: number[];
  /** Those of them whose process is alive. */
  alive: number[];
  dryRun: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Delete old runs with their tasks, logs and samples, a few rows at a time, while pipelines " +
        "continue. A version of work goes with the last run that had its key. The newest run, active runs, tasks of the Python pipeloom and your own tables are " +
        "kept. With both --keep and --keep-runs, a run that either keeps is kept.",
    )
    .option("--keep <age>", "keep runs that ended within 30d, 12h, 90m, 2w", age)
    .option("--keep-runs <n>", "keep the newest n runs", wholeNumber(1))
    .option("--dry-run", "print what would be deleted, and delete nothing")
    .option("--force", "also delete runs marked as running whose process is gone")
    .addOption(dbOption())
    .addOption(jsonOption("what was deleted"))
    .addHelpText(
      "after",
      examples(
        ["prune --keep 30d --dry-run", "what is older than 30 days"],
        ["prune --keep-runs 50 --db etl.db", "all but the newest 50"],
      ),
    );
}

/** Does it. */
export async function run(options: PruneOptions): Promise<ExitCode> {
  const { db, keep, keepRuns, force, json, dryRun = false } = options;
  if (keep === undefined && keepRuns === undefined) {
    throw new CommandError(
      "Cannot prune without knowing what to keep: pass --keep 30d or --keep-runs 50",
      EXIT.usage,
    );
  }
  await rollBack(db, dryRun);
  using reader = await openDatabase(db);
  const { runs, running } = reader.has("pipeline_runs")
    ? chooseRuns(reader.connection, {
      endedBefore: keep === undefined ? undefined : Date.now() - keep,
      keepRuns,
      force,
    })
    : { runs: [], running: [] };
  const outcome: Outcome = {
    runs: [],
    rows: { tasks: 0, logs: 0, samples: 0, versions: 0 },
    freedBytes: null,
    running: running.map(({ id }) => id),
    alive: running.filter(({ isAlive }) => isAlive).map(({ id }) => id),
    dryRun,
  };
  const signal = dryRun || (runs.length === 0 && findRests(reader.connection).length === 0)
    ? count(reader, runs, outcome)
    : await deleteAll(reader, runs, { db, outcome });
  writeLines(json ? [sanitizedJson(outcome, 2)] : describe(outcome, sanitize(db)));
  return signal === undefined ? EXIT.done : exitCodeOf(signal);
}

function count(reader: Reader, runs: PrunableRun[], outcome: Outcome): undefined {
  for (const run of runs) {
    add(outcome.rows, countRows(reader.connection, run));
    outcome.runs.push(run.id);
  }
  if (runs.length > 0) outcome.rows.versions = countVersions(reader.connection, outcome.runs);
}

/** Deletes runs and returns the signal that stopped it, if one did. */
async function deleteAll(
  reader: Reader,
  runs: PrunableRun[],
  { db, outcome }: { db: string; outcome: Outcome },
): Promise<Deno.Signal | undefined> {
  const before = pages(reader.connection);
  const rests = findRests(reader.connection);
  const stop = new AbortController();
  let signal: Deno.Signal | undefined;
  using _ = onInterrupt((name) => {
    signal = name;
    stop.abort();
    exitAfter(name);
  });
  await using writer = await openWriter(db, reader);
  for (const rest of rests) add(outcome.rows, await deleteRest(writer, rest, stop.signal));
  for (const run of runs) {
    if (stop.signal.aborted) break;
    const rows = await deleteRun(writer, run, stop.signal);
    if (!rows) {
      outcome.running.push(run.id);
      outcome.alive.push(run.id);
      continue;
    }
    add(outcome.rows, rows);
    outcome.runs.push(run.id);
  }
  outcome.rows.versions = await pruneVersions(reader.connection, writer, stop.signal);
  const after = pages(reader.connection);
  outcome.freedBytes = (after.free - before.free + before.count - after.count) * after.bytes;
  return signal;
}

function add(sum: PrunedRows, rows: PrunedRows): void {
  sum.tasks += rows.tasks;
  sum.logs += rows.logs;
  sum.samples += rows.samples;
}

function describe(
  { runs, rows, freedBytes, running, alive, dryRun }: Outcome,
  db: string,
): string[] {
  const lines = runs.length === 0 && rows.tasks === 0 ? [`${db}: there is nothing to delete`] : [
    `${db}: ${formatNumberOf(runs.length, "run")} ${dryRun ? "would be " : ""}deleted, ` +
    `with ${listed(rows)}`,
  ];
  const silent = running.filter((id) => !alive.includes(id));
  if (alive.length > 0) {
    lines.push(`Spared, because its process is alive: ${named(alive)}; cancel it first`);
  }
  if (silent.length > 0) {
    lines.push(
      `Spared, because it is marked as running: ${named(silent)}; --force deletes it all the same`,
    );
  }
  if (freedBytes !== null && freedBytes > 0) {
    lines.push(
      `${
        formatBytes(freedBytes)
      } of the file are free for new rows. To make the file smaller, while ` +
        `no pipeline runs: pipeloom vacuum --db ${db}`,
    );
  }
  return lines;
}

/** Rows by their kinds; versions, which few files have, where there are some. */
function listed({ tasks, logs, samples, versions }: Outcome["rows"]): string {
  const parts = [formatNumberOf(tasks, "task"), formatNumberOf(logs, "log line")];
  parts.push(formatNumberOf(samples, "sample"));
  if (versions > 0) parts.push(formatNumberOf(versions, "stored version"));
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function named(ids: number[]): string {
  return ids.length > 10 ? `${ids.length} runs` : `run ${ids.join(", ")}`;
}

function age(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Write it as 30d, 12h, 90m or 2w.");
  return ms;
}
