/**
 * `pipeloom backup`: copies a database while pipelines write to it.
 *
 * @module
 */
import type { Command } from "commander";
import { backup } from "../../sqlite/backup.ts";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { mustBeThere } from "../open_database.ts";
import { outputName } from "../output_name.ts";
import { type DbOption, dbOption, driverOption, examples, jsonOption } from "../options.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { formatBytes } from "../../internal/units.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface BackupCommandOptions extends DbOption {
  /** The SQLite driver. */
  driver?: DriverChoice | undefined;
  /** Whether to print JSON. */
  json?: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Copy a database into a new file, as of one commit, while pipelines write to it. An existing file is " +
        "never overwritten.",
    )
    .argument("<to>", "the new file", outputName)
    .addOption(dbOption())
    .addOption(driverOption())
    .addOption(jsonOption("what was written"))
    .addHelpText(
      "after",
      examples(["backup copies/monday.db --db etl.db", "beside a pipeline that runs"]),
    );
}

/** Does it. */
export async function run(
  { db, driver, json }: BackupCommandOptions,
  to: string,
): Promise<ExitCode> {
  await mustBeThere(db);
  await backup(db, to, { driver });
  const { size: bytes } = await Deno.stat(to);
  writeLines([
    json
      ? sanitizedJson({ db, to, bytes }, 2)
      : `${sanitize(db)}: copied into ${sanitize(to)}, ${formatBytes(bytes)}`,
  ]);
  return EXIT.done;
}
