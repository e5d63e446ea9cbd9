/**
 * `pipeloom run FILE`: runs the pipeline that a module exports.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { ExitCode } from "../terminal/exit_code.ts";
import { ITEM_FORMATS } from "../items/read_items.ts";
import { loadTarget } from "../load_definition.ts";
import { addNatsOptions, type NatsCliOptions, RUN_OVER_NATS, toExecutor } from "../nats_options.ts";
import {
  argOption,
  dashboardOption,
  DEFAULT_DB,
  driverOption,
  examples,
  itemOption,
  jsonOption,
  onlyOption,
  overlapOption,
  quietTasksOption,
  resumeKeyOption,
  resumeOption,
  workersOption,
} from "../options.ts";
import { runAndReport, type RunAndReportOptions } from "../run_and_report.ts";
import { defineFunction, type FunctionOptions, refuseFunctionOptions } from "../task_function.ts";
import { withAdvice } from "../unknown_imports.ts";

/** Options of the command. */
export interface RunOptions extends RunAndReportOptions, FunctionOptions, Partial<NatsCliOptions> {}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  command
    .description(
      "Run the pipeline that a module exports: export default definePipeline({ items, run }). " +
        "With a name after a colon: the pipeline that it exports by this name, or the function " +
        "(item, task), as one task for each item. Progress goes to the standard error, the summary to the standard output. Ctrl-C lets " +
        "running tasks end and cancels the rest; a second one stops at once.",
    )
    .argument("<file>", "a TypeScript or JavaScript module, or its URL, and :name for an export")
    .addOption(argOption())
    .addOption(itemOption())
    .option("--items <file>", "a file of items for a function, or - for the standard input")
    .addOption(
      new Option(
        "--format <format>",
        "format of the items in it, by default that of its extension, else JSON, one a line",
      ).choices(ITEM_FORMATS),
    )
    .option("--key <field>", "the field of an item that is its key (key, else id)")
    .option("--pool", "run a function in Workers, on all processors")
    .option("--db <path>", `the database (default: that of the module, else ${DEFAULT_DB})`)
    .addOption(workersOption())
    .addOption(driverOption())
    .addOption(resumeOption())
    .addOption(onlyOption())
    .addOption(resumeKeyOption())
    .addOption(overlapOption("allow"))
    .addOption(quietTasksOption())
    .addOption(dashboardOption())
    .addOption(jsonOption("the report"));
  return addNatsOptions(command, RUN_OVER_NATS)
    .addHelpText(
      "after",
      examples(
        ["run etl.ts", "with the options of the module"],
        ["run etl.ts --arg year=2026 --arg country=no", "items({ year, country })"],
        ["run tasks.ts:load --item oslo --item bergen", 'load("oslo", task), load("bergen", task)'],
        ["run tasks.ts:load --items cities.csv --key city --pool", "one task for each row"],
        ["run etl.ts --resume", "continue the last run after a stop or a crash"],
        ["run etl.ts --resume-key 2026-11-22", "once for this day, however often it is started"],
        ["run etl.ts --overlap queue", "wait until another active run has ended"],
        ["run etl.ts --db etl.db -w 8 --dashboard", "8 tasks at a time, with the dashboard"],
        ["run etl.ts --nats tls://broker:4222 -w 64", "64 tasks at a time, on other machines"],
      ),
    );
}

/** Does it. */
export async function run(options: RunOptions, target: string): Promise<ExitCode> {
  try {
    return await runTarget(options, target);
  } catch (error) {
    throw withAdvice(error, "run", target);
  }
}

async function runTarget(options: RunOptions, target: string): Promise<ExitCode> {
  const loaded = await loadTarget(target, "run");
  const { name } = loaded;
  const executor = await toExecutor(options);
  const elsewhere = executor ? { executor } : {};
  if ("definition" in loaded) {
    refuseFunctionOptions(options, target);
    const definition = { name, ...loaded.definition, ...elsewhere };
    return await runAndReport(definition, options.arg ?? {}, { ...options, module: target });
  }
  // Workers load the function by its name, wherever they are.
  const pool = options.pool || executor !== undefined;
  const definition = await defineFunction(loaded, { ...options, pool });
  return await runAndReport({ name, ...definition, ...elsewhere }, {}, options);
}
