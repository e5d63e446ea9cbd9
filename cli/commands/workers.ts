/**
 * `pipeloom workers`: the workers on other machines that take part in a run.
 *
 * @module
 */
import type { Command } from "commander";
import type { RemoteWorkerInfo } from "../../dashboard/api.ts";
import { getRun, listRuns } from "../../dashboard/server/queries/runs.ts";
import { listWorkers } from "../../dashboard/server/queries/workers.ts";
import { formatCount, formatDuration, formatRate, timeOf } from "../../internal/units.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { type Cell, type Column, drawTable } from "../terminal/table.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface WorkersOptions extends DbOption {
  /** Which run. */
  run?: number;
  /** Whether to print JSON. */
  json?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "worker", max: 40, min: 8 },
  { title: "state" },
  { title: "slots", right: true },
  { title: "running", right: true },
  { title: "ended", right: true },
  { title: "tasks/s", right: true, optional: true },
  { title: "last seen", right: true, optional: true },
  { title: "version", optional: true },
];

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "List the workers on other machines that take part in a run (default: the newest). The database is " +
        "opened read-only.",
    )
    .addOption(dbOption())
    .option("--run <id>", "id of the run (default: the newest)", wholeNumber(1))
    .addOption(jsonOption("the workers"))
    .addHelpText("after", examples(["workers --db etl.db", "who runs its tasks"]));
}

/** Does it. */
export async function run({ db, run: id, json }: WorkersOptions): Promise<ExitCode> {
  using reader = await openDatabase(db);
  const run = id === undefined ? listRuns(reader, { limit: 1 }).runs[0] : getRun(reader, id);
  if (!run) {
    throw new CommandError(`Cannot list workers: ${db} has no ${id ? `run ${id}` : "runs"}`);
  }
  const workers = listWorkers(reader, run.id);
  if (json) {
    writeLines([sanitizedJson(workers, 2)]);
    return EXIT.done;
  }
  const { width, paint } = surface();
  if (workers.length > 0) writeLines(drawTable(COLUMNS, workers.map(toCells), { width, paint }));
  if (run.waitsForWorkers) writeLines([paint("yellow", "No worker is connected")]);
  else if (workers.length === 0) writeLines([`Run ${run.id} has no workers on other machines`]);
  return EXIT.done;
}

function toCells(worker: RemoteWorkerInfo): Cell[] {
  const { name, slots, running, ended, tasksPerSecond, heardAt, leftAt, version } = worker;
  const isConnected = leftAt === null;
  const seen = timeOf(heardAt);
  return [
    { text: sanitize(name), style: "bold" },
    { text: isConnected ? "connected" : "gone", style: isConnected ? "green" : "dim" },
    { text: formatCount(slots) },
    { text: formatCount(isConnected ? running : 0) },
    { text: formatCount(ended) },
    { text: isConnected ? formatRate(tasksPerSecond) : "" },
    { text: seen === null ? "" : `${formatDuration(Math.max(0, Date.now() - seen))} ago` },
    { text: sanitize(version), style: "dim" },
  ];
}
