/**
 * `pipeloom vacuum`: gives the space of deleted rows back to the disk.
 *
 * @module
 */
import type { Command } from "commander";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import { vacuum } from "../../sqlite/vacuum.ts";
import { formatBytes } from "../../internal/units.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { mustBeThere } from "../open_database.ts";
import { type DbOption, dbOption, driverOption, examples, jsonOption } from "../options.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface VacuumCommandOptions extends DbOption {
  /** The SQLite driver. */
  driver?: DriverChoice;
  /** Whether to print JSON. */
  json?: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Rebuild the file without the space of deleted rows, while no pipeline runs. It needs as much free " +
        "disk space as the file takes.",
    )
    .addOption(dbOption())
    .addOption(driverOption())
    .addOption(jsonOption("the bytes before and after"))
    .addHelpText("after", examples(["vacuum --db etl.db", "after old runs are deleted"]));
}

/** Does it. */
export async function run({ db, driver, json }: VacuumCommandOptions): Promise<ExitCode> {
  await mustBeThere(db);
  const { before, after } = await vacuum(db, { driver });
  writeLines([
    json
      ? sanitizedJson({ db, before, after }, 2)
      : `${sanitize(db)}: ${formatBytes(before)} before, ${formatBytes(after)} now`,
  ]);
  return EXIT.done;
}
