/**
 * `pipeloom run FILE`: runs the pipeline that a module exports.
 *
 * @module
 */
import type { Command } from "commander";
import type { ExitCode } from "../terminal/exit_code.ts";
import { loadDefinition } from "../load_definition.ts";
import { addNatsOptions, type NatsCliOptions, RUN_OVER_NATS, toExecutor } from "../nats_options.ts";
import {
  argOption,
  dashboardOption,
  DEFAULT_DB,
  driverOption,
  examples,
  jsonOption,
  overlapOption,
  quietTasksOption,
  resumeKeyOption,
  resumeOption,
  workersOption,
} from "../options.ts";
import { runAndTell, type RunAndTellOptions } from "../run_and_tell.ts";

/** Options of the command. */
export interface RunOptions extends RunAndTellOptions, Partial<NatsCliOptions> {
  /** Arguments for the function that finds the items. */
  arg?: Record<string, unknown>;
}

/** Says what the command takes. */
export function define(command: Command): Command {
  command
    .description(
      "Run the pipeline that a module exports: export default definePipeline({ items, run }). " +
        "Progress goes to the standard error, the summary to the standard output. Ctrl-C lets " +
        "running tasks end and cancels the rest; a second one stops at once.",
    )
    .argument("<file>", "a TypeScript or JavaScript module, or its URL")
    .addOption(argOption())
    .option("--db <path>", `the database (that of the module, else ${DEFAULT_DB})`)
    .addOption(workersOption())
    .addOption(driverOption())
    .addOption(resumeOption())
    .addOption(resumeKeyOption())
    .addOption(overlapOption("allow"))
    .addOption(quietTasksOption())
    .addOption(dashboardOption())
    .addOption(jsonOption("the report"));
  return addNatsOptions(command, RUN_OVER_NATS)
    .addHelpText(
      "after",
      examples(
        ["run etl.ts", "with what the module says"],
        ["run etl.ts --arg year=2026 --arg country=no", "items({ year, country })"],
        ["run etl.ts --resume", "continue the last run, which stopped or was killed"],
        ["run etl.ts --resume-key 2026-11-22", "once for this day, however often it is started"],
        ["run etl.ts --overlap queue", "wait while another run of it is active"],
        ["run etl.ts --db etl.db -w 8 --dashboard", "8 tasks at a time, with the dashboard"],
        ["run etl.ts --nats tls://broker:4222 -w 64", "64 tasks at a time, on other machines"],
      ),
    );
}

/** Does it. */
export async function run(options: RunOptions, file: string): Promise<ExitCode> {
  const { definition, name } = await loadDefinition(file);
  const executor = await toExecutor(options);
  const settings = { name, ...definition, ...(executor ? { executor } : {}) };
  return await runAndTell(settings, options.arg ?? {}, options);
}
