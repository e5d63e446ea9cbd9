/**
 * `pipeloom init-db`: creates the tables of a database, or brings an older file up to date.
 *
 * @module
 */
import type { Command } from "commander";
import { databasePath, fileExists } from "../../sqlite/database_file.ts";
import { connect } from "../../sqlite/connect.ts";
import { initSchema } from "../../sqlite/schema.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { hasWal } from "../journal.ts";
import { type DbOption, dbOption, examples } from "../options.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Create a database with the tables of pipeloom, such as pipeline_runs and task_runs, " +
        "or extend one of the Python pipeloom in place. " +
        "Every row is kept; a second call changes nothing. " +
        "Pipelines do it themselves. The journal mode of an existing file is kept.",
    )
    .addOption(dbOption())
    .addHelpText("after", examples(["init-db --db etl.db", "before other programs read it"]));
}

/** Does it. */
export async function run({ db }: DbOption): Promise<ExitCode> {
  const wasThere = await fileExists(await databasePath(db));
  // The journal of a file that is there stays what it is.
  using connection = await connect(db, { wal: !wasThere || await hasWal(db) });
  initSchema(connection);
  writeLines([`${sanitize(db)} ${wasThere ? "is up to date" : "is created"}`]);
  return EXIT.done;
}
