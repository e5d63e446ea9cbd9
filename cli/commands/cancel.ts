/**
 * `pipeloom cancel`: cancels an active run, or one of its tasks.
 *
 * @module
 */
import type { Command } from "commander";
import { ask, type AskOptions, defineAsk } from "../control/request_control.ts";
import type { ExitCode } from "../terminal/exit_code.ts";
import type { NamedRun } from "../control/named_run.ts";
import { examples } from "../options.ts";

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return defineAsk(command)
    .description(
      "Cancel an active run of another process, or one of its tasks. Queued tasks never start. Running " +
        "tasks are aborted through their signal; a task on a pool that ignores it is terminated.",
    )
    .addHelpText(
      "after",
      examples(
        ["cancel latest", "the newest run of pipeloom.db"],
        ["cancel 5 1207 --db etl.db", "task 1207 of run 5, and what depends on it"],
      ),
    );
}

/** Does it. */
export async function run(
  options: AskOptions,
  run: NamedRun,
  task?: number,
): Promise<ExitCode> {
  return await ask("cancel", { run, task }, options);
}
