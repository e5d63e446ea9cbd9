/**
 * `pipeloom export`: one run as one HTML file.
 *
 * @module
 */
import type { Command } from "commander";
import { exportRun } from "../../dashboard/server/export.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { latestRun, type NamedRun, namedRun } from "../control/named_run.ts";
import { mustBeThere, openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples } from "../options.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { formatBytes } from "../../internal/units.ts";
import { write, writeLines } from "../terminal/terminal.ts";
import { outputOrStream } from "../output_name.ts";
import { writeOutput } from "../../internal/output_file.ts";
import { databasePath } from "../../sqlite/database_file.ts";

/** Options of the command. */
export interface ExportOptions extends DbOption {
  /** Where to write. */
  output?: string;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Write a run (default: the newest) into one HTML file that shows it as the dashboard does, without a " +
        "server and without a network. The database is opened read-only.",
    )
    .argument("[run]", 'id of the run, or "latest"', namedRun(0))
    .option(
      "-o, --output <file>",
      "the file to write (default: run-<id>.html); - is the standard output",
      outputOrStream,
    )
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
export async function run(
  { db, output }: ExportOptions,
  named: NamedRun = "latest",
): Promise<ExitCode> {
  await mustBeThere(db);
  const id = named === "latest" ? await findLatest(db) : named;
  const page = await exportRun(db, id);
  const file = output ?? `run-${id}.html`;
  if (file === "-") {
    write(page);
    return EXIT.done;
  }
  try {
    await writeOutput(file, page, [await databasePath(db)]);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof TypeError) throw new CommandError(message, EXIT.usage);
    throw new CommandError(
      `Cannot write ${file}: ${message}; name another file with -o`,
      undefined,
      {
        cause: error,
      },
    );
  }
  const { size } = await Deno.stat(file);
  writeLines([`Run ${id} is in ${sanitize(file)} (${formatBytes(size)})`]);
  return EXIT.done;
}

async function findLatest(db: string): Promise<number> {
  using reader = await openDatabase(db);
  return latestRun(reader, `Cannot export a run of ${sanitize(db)}`);
}
