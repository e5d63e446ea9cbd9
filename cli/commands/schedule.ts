/**
 * `pipeloom schedule FILE`: runs the pipeline that a module exports at the times of its schedule.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { OverlapError } from "../../errors.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import type { PipelineDefinition } from "../../pipeline/pipeline_options.ts";
import type { CronTimes } from "../../pipeline/schedule/cron_expression.ts";
import { planSchedule, runSchedule, type SchedulePlan } from "../../pipeline/schedule/schedule.ts";
import type { ZonedSchedule } from "../../pipeline/schedule/zoned_schedule.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import { CommandError, printError } from "../terminal/failure.ts";
import { loadDefinition } from "../load_definition.ts";
import { addNatsOptions, RUN_OVER_NATS, toExecutor } from "../nats_options.ts";
import {
  argOption,
  dashboardOption,
  DEFAULT_DB,
  driverOption,
  examples,
  overlapOption,
  quietTasksOption,
  workersOption,
} from "../options.ts";
import { databasePath } from "../../sqlite/database_file.ts";
import { isGranted } from "../../internal/permissions.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { printStderr } from "../terminal/terminal.ts";
import { formatDuration } from "../../internal/units.ts";
import type { RunOptions } from "./run.ts";
import { runAndReport, serve } from "../run_and_report.ts";
import { locate } from "../working_folder.ts";

/** Runs of which the time is shown. */
const SHOWN = 3;

/** Progress without bars. */
const LINES = { bars: false, summary: false };

/** Options of the command. */
export interface ScheduleCommandOptions extends Omit<RunOptions, "json"> {
  /** When, instead of the schedule of the module. */
  cron?: string;
  /** The time zone, instead of that of the module. */
  timeZone?: string;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  command
    .description(
      "Run the pipeline that a module exports at the times of its schedule until Ctrl-C: " +
        'export default definePipeline({ schedule: "0 2 * * *", items, run }). Ctrl-C also ' +
        "stops an active run, as it stops pipeloom run.",
    )
    .argument("<file>", "a TypeScript or JavaScript module, or its URL")
    .option("--cron <expression>", "when to run it (default: that of the module)")
    .option(
      "--time-zone <name>",
      "time zone of the schedule (default: that of the module, else UTC)",
    )
    .addOption(argOption())
    .option("--db <path>", `the database (default: that of the module, else ${DEFAULT_DB})`)
    .addOption(workersOption())
    .addOption(driverOption())
    .addOption(
      new Option(
        "--resume",
        "resume the newest run of this name and these arguments unless it is done; items need keys",
      ),
    )
    .addOption(overlapOption("refuse"))
    .addOption(quietTasksOption())
    .addOption(dashboardOption());
  return addNatsOptions(command, RUN_OVER_NATS)
    .addHelpText(
      "after",
      examples(
        ["schedule etl.ts", "at the times of the module's schedule"],
        ['schedule etl.ts --cron "*/15 * * * MON-FRI"', "every quarter of an hour on weekdays"],
        ['schedule etl.ts --cron "0 2 * * *" --time-zone Europe/Oslo', "at two at night in Oslo"],
        ["schedule etl.ts --overlap queue --dashboard", "late runs wait, with the dashboard"],
      ),
    );
}

/** Does it. */
export async function run(
  { cron, timeZone, dashboard, ...options }: ScheduleCommandOptions,
  file: string,
): Promise<ExitCode> {
  const { definition: loaded, name } = await loadDefinition(file, "schedule");
  const overlap = options.overlap ?? loaded.overlap;
  const executor = await toExecutor(options);
  const definition = {
    name,
    // Two runs may be active: the summary of one would end up among the bars of the other.
    ...(overlap === undefined || overlap === "refuse" ? {} : { progress: LINES }),
    ...loaded,
    ...(executor ? { executor } : {}),
    ...scheduleFrom(loaded.schedule, cron, timeZone),
    ...(overlap === undefined ? {} : { overlap }),
  };
  const plan = await planSchedule(definition);
  const db = locate(options.db ?? definition.db ?? DEFAULT_DB);
  await checkAccess(db);
  const stop = new AbortController();
  let under = 0;
  let exitCode: ExitCode = EXIT.done;
  using _ = onInterrupt((signal) => {
    if (under > 0) exitCode = exitCodeOf(signal);
    stop.abort(new DOMException(`Stopped by ${signal}`, "AbortError"));
  });
  await using __ = dashboard === undefined ? undefined : await serve(db, dashboard);
  const { verbose, arg = {} } = options;
  const signal = definition.signal
    ? AbortSignal.any([definition.signal, stop.signal])
    : stop.signal;
  await runSchedule(plan, {
    signal,
    onScheduled: (next) => printStderr(nextLine(plan, next)),
    onLate: (due) =>
      printStderr(
        `Late: the run that was due at ${timesOf(due, plan.times.timeZone)} begins now`,
      ),
    onError(error) {
      if (error instanceof OverlapError) printStderr(`Left out: ${sanitize(error.message)}`);
      else printError(error, verbose);
    },
  }, async () => {
    under++;
    try {
      await runAndReport({ ...definition, signal }, arg, { ...options, overlap: plan.overlap });
    } finally {
      under--;
    }
  });
  return exitCode;
}

/** Refuses a schedule whose runs could not open their database: the first may begin days later. */
async function checkAccess(db: string | URL): Promise<void> {
  const path = await databasePath(db);
  for (const name of ["read", "write"] as const) {
    if (path === ":memory:" || isGranted({ name, path })) continue;
    throw new CommandError(
      `Cannot schedule runs that may not ${name} ${path}. Add --allow-${name}=${path}`,
    );
  }
}

/** The schedule of the module, overridden by the command line. */
function scheduleFrom(
  schedule: PipelineDefinition<unknown>["schedule"],
  cron: string | undefined,
  timeZone: string | undefined,
): Pick<PipelineDefinition<unknown>, "schedule"> {
  if (schedule === undefined && cron === undefined) return {};
  const own = typeof schedule === "string" ? { cron: schedule } : schedule;
  const zoned: ZonedSchedule = { cron: cron ?? own!.cron };
  const zone = timeZone ?? own?.timeZone;
  if (zone !== undefined) zoned.timeZone = zone;
  return { schedule: zoned };
}

function nextLine({ name, times }: SchedulePlan, next: Date): string {
  const { timeZone } = times;
  const [first, ...more] = nextTimes(times, next);
  const wait = formatDuration(next.getTime() - Date.now());
  return `${sanitize(name)}: next run at ${timesOf(first!, timeZone)}, in ${wait}; ` +
    `then ${more.map((time) => timesOf(time, timeZone)).join(", ")}; Ctrl-C ends it`;
}

/** The next run and those after it. */
function nextTimes(times: CronTimes, next: Date): Date[] {
  const list = [next];
  while (list.length < SHOWN) list.push(times.next(list.at(-1)));
  return list;
}

/** A time in the time zone of the schedule, and in UTC where that is another. */
function timesOf(time: Date, timeZone: string): string {
  const utc = `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (timeZone === "UTC") return utc;
  // The Swedish way of writing a time is that of ISO 8601.
  const local = time.toLocaleString("sv-SE", { timeZone }).slice(0, 16);
  return `${local} ${timeZone} (${utc})`;
}
