/**
 * `pipeloom schedule FILE`: runs the pipeline that a module exports at the times of its schedule.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { OverlapError } from "../../errors.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import { planSchedule, runSchedule } from "../../pipeline/schedule/schedule.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import { tellError } from "../terminal/failure.ts";
import { loadDefinition } from "../load_definition.ts";
import {
  argOption,
  dashboardOption,
  DEFAULT_DB,
  driverOption,
  examples,
  overlapOption,
  workersOption,
} from "../options.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { formatDuration } from "../../internal/units.ts";
import type { RunOptions } from "./run.ts";
import { runDefinition, serve } from "../run_definition.ts";

/** Progress without bars. */
const LINES = { bars: false, summary: false };

/** Options of the command. */
export interface ScheduleCommandOptions extends Omit<RunOptions, "json"> {
  /** When, instead of what the module says. */
  cron?: string;
}

/** Says what the command takes. */
export function define(command: Command): Command {
  return command
    .description(
      "Run the pipeline that a module exports at the times of its schedule, in UTC, until Ctrl-C: " +
        'export default definePipeline({ schedule: "0 2 * * *", items, run }). A run that is under ' +
        "way then is stopped as by Ctrl-C of pipeloom run. Needs --unstable-cron.",
    )
    .argument("<file>", "a TypeScript or JavaScript module, or its URL")
    .option("--cron <expression>", "when to run it (what the module says)")
    .addOption(argOption())
    .option("--db <path>", `the database (that of the module, else ${DEFAULT_DB})`)
    .addOption(workersOption())
    .addOption(driverOption())
    .addOption(new Option("--resume", "go on with the last run that is not done; items need keys"))
    .addOption(overlapOption("refuse"))
    .addOption(dashboardOption())
    .addHelpText(
      "after",
      examples(
        ["schedule etl.ts", "at the times that the module says"],
        ['schedule etl.ts --cron "*/15 * * * MON-FRI"', "every quarter of an hour on weekdays"],
        ["schedule etl.ts --overlap queue --dashboard", "late runs wait, with the dashboard"],
      ),
    );
}

/** Does it. */
export async function run(
  { cron, dashboard, ...options }: ScheduleCommandOptions,
  file: string,
): Promise<ExitCode> {
  const { definition: loaded, name } = await loadDefinition(file);
  const overlap = options.overlap ?? loaded.overlap;
  const definition = {
    name,
    // Two runs may be under way: the summary of one would end up among the bars of the other.
    ...(overlap === undefined || overlap === "refuse" ? {} : { progress: LINES }),
    ...loaded,
    ...(cron === undefined ? {} : { schedule: cron }),
    ...(overlap === undefined ? {} : { overlap }),
  };
  const plan = await planSchedule(definition, `pipeloom run ${file}`);
  const stop = new AbortController();
  let under = 0;
  let exitCode: ExitCode = EXIT.done;
  using _ = onInterrupt((signal) => {
    if (under > 0) exitCode = exitCodeOf(signal);
    stop.abort(new DOMException(`Stopped by ${signal}`, "AbortError"));
  });
  await using __ = dashboard === undefined
    ? undefined
    : await serve(options.db ?? definition.db ?? DEFAULT_DB, dashboard);
  const { verbose, arg = {} } = options;
  const signal = definition.signal
    ? AbortSignal.any([definition.signal, stop.signal])
    : stop.signal;
  await runSchedule(plan, {
    signal,
    onScheduled: (next) => console.error(nextLine(plan.name, next)),
    onError(error) {
      if (error instanceof OverlapError) console.error(`Left out: ${sanitize(error.message)}`);
      else tellError(error, verbose);
    },
  }, async () => {
    under++;
    try {
      await runDefinition({ ...definition, signal }, arg, { ...options, overlap: plan.overlap });
    } finally {
      under--;
    }
  });
  return exitCode;
}

function nextLine(name: string, next: Date): string {
  const at = next.toISOString().slice(0, 16).replace("T", " ");
  const wait = formatDuration(next.getTime() - Date.now());
  return `${sanitize(name)}: next run at ${at} UTC, in ${wait}; Ctrl-C ends it`;
}
