/**
 * `pipeloom retry`: runs what failed in a run again while it is active.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { ask, type AskOptions, defineAsk } from "../control/request_control.ts";
import type { ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import type { NamedRun } from "../control/named_run.ts";
import { examples } from "../options.ts";

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return defineAsk(command)
    .addOption(
      new Option("--cause <id>", "only failures of this cause, as pipeloom errors lists them")
        .argParser(causeName),
    )
    .description(
      "Run failed tasks of an active run of another process again: all of them, or one that failed or " +
        "was cancelled. Tasks that were cancelled because they depend on them run again, too. To " +
        "continue a run that has ended, use pipeloom run <file> --resume <run>.",
    )
    .addHelpText(
      "after",
      examples(
        ["retry latest", "all that failed so far in the newest run of pipeloom.db"],
        ["retry 5 1207 --db etl.db", "task 1207 of run 5"],
        ["retry latest --cause 1tvj48918v", "what failed of one cause"],
      ),
    );
}

/** Does it. */
export async function run(
  options: AskOptions,
  run: NamedRun,
  task?: number,
): Promise<ExitCode> {
  if (task !== undefined && options.cause !== undefined) {
    throw new CommandError("Cannot retry a task and a cause at once. Name one of them");
  }
  return await ask("retry", { run, task }, options);
}

function causeName(text: string): string {
  if (/^\w{1,20}$/.test(text)) return text;
  throw new InvalidArgumentError("Pass the id of a cause, as pipeloom errors lists them.");
}
