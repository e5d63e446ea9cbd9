/**
 * `pipeloom export`: one run as one HTML file.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { exportRun } from "../dashboard/mod.ts";
import { listRuns } from "../dashboard/queries/runs.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { CommandError } from "./failure.ts";
import { mustBeThere, openDatabase } from "./open_database.ts";
import { type DbOption, dbOption, examples, wholeNumber } from "./options.ts";
import { printable } from "./printable.ts";
import { formatBytes } from "./quantities.ts";
import { write, writeLines } from "./terminal.ts";

/** Options of the command. */
export interface ExportOptions extends DbOption {
  /** Where to write. */
  output?: string;
}

/** Says what the command takes. */
export function define(command: Command): Command {
  return command
    .description(
      "Write a run (the newest) into one HTML file that shows it as the dashboard does, without a " +
        "server and without a network. The database is opened read-only.",
    )
    .argument("[run]", 'id of the run, or "latest"', runId)
    .option("-o, --output <file>", "the file to write (run-<id>.html); - is the standard output")
    .addOption(dbOption())
    .addHelpText(
      "after",
      examples(
        ["export 5 -o run.html", "run 5 of pipeloom.db"],
        ["export latest --db etl.db", "the newest, into run-<id>.html"],
      ),
    );
}

/** Does it. */
export async function run({ db, output }: ExportOptions, named?: number): Promise<ExitCode> {
  await mustBeThere(db);
  const id = named ?? await newestRun(db);
  const page = await exportRun(db, id);
  const file = output ?? `run-${id}.html`;
  if (file === "-") {
    write(page);
    return EXIT.done;
  }
  try {
    await Deno.writeTextFile(file, page);
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(
      `Cannot write ${file}: ${message}; name another file with -o`,
      undefined,
      {
        cause: error,
      },
    );
  }
  const { size } = await Deno.stat(file);
  writeLines([`Run ${id} is in ${printable(file)} (${formatBytes(size)})`]);
  return EXIT.done;
}

async function newestRun(db: string): Promise<number> {
  using reader = await openDatabase(db);
  const run = listRuns(reader, { limit: 1 }).runs[0];
  if (run) return run.id;
  throw new CommandError(`Cannot export a run of ${printable(db)}: it has none yet`);
}

function runId(text: string): number | undefined {
  if (text === "latest") return undefined;
  try {
    return wholeNumber(0)(text);
  } catch {
    throw new InvalidArgumentError('Pass the id of a run, or "latest".');
  }
}
