/**
 * `pipeloom retry`: runs what failed in a run again while it is active.
 *
 * @module
 */
import type { Command } from "commander";
import { ask, type AskOptions, defineAsk } from "../control/request_control.ts";
import type { ExitCode } from "../terminal/exit_code.ts";
import type { NamedRun } from "../control/named_run.ts";
import { examples } from "../options.ts";

/** Says what the command takes. */
export function define(command: Command): Command {
  return defineAsk(command)
    .description(
      "Run failed tasks again, in an active run of another process: all its tasks that are error, " +
        "or one that is error or cancelled, with what was cancelled because it depends on them. To " +
        "continue a run that has ended, use pipeloom run <file> --resume <run>.",
    )
    .addHelpText(
      "after",
      examples(
        ["retry latest", "all that failed so far in the newest run of pipeloom.db"],
        ["retry 5 1207 --db etl.db", "task 1207 of run 5"],
      ),
    );
}

/** Does it. */
export async function run(
  options: AskOptions,
  run: NamedRun,
  task?: number,
): Promise<ExitCode> {
  return await ask("retry", { run, task }, options);
}
