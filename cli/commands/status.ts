/**
 * `pipeloom status`: a run and its tasks.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { TASK_STATUSES, type TaskStatus } from "../../internal/task_status.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { openDatabase } from "../open_database.ts";
import { dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { drawSnapshot } from "../status/draw_run.ts";
import { readSnapshot } from "../status/snapshot.ts";
import { surface, writeLines } from "../terminal/terminal.ts";
import { type WatchOptions, watchStatus } from "../status/watch.ts";
import { KEYS } from "../status/watch_view.ts";

/** Tasks that are shown by default. */
const LIMIT = 20;

/** Options of the command. */
export interface StatusOptions extends WatchOptions {
  /** Whether to follow the run. */
  watch?: boolean | undefined;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Show a run (default: the newest) and its tasks: running ones first, then failed ones, then the rest. " +
        "Files of the Python pipeloom are shown too. The database is opened read-only.",
    )
    .addOption(dbOption())
    .option(
      "--watch",
      "follow it live until q (? shows all keys); with --run, under CI or without a terminal until the " +
        "run has ended. Waits for a file that does not exist yet",
    )
    .option("--run <id>", "id of the run (default: the newest)", wholeNumber(0))
    .option(
      "--status <list>",
      `only tasks with these statuses, separated by commas: ${TASK_STATUSES.join(", ")}`,
      statuses,
    )
    .option(
      "--limit <n>",
      `number of tasks (default: ${LIMIT}; with --watch as many as fit)`,
      wholeNumber(0),
    )
    .addOption(jsonOption("the run and its tasks"))
    .addHelpText(
      "after",
      examples(
        ["status", "the newest run of pipeloom.db"],
        ["status --db etl.db --watch", "live"],
        ["status --run 3 --status error --limit 100", "what failed in run 3"],
        ["status --json | jq .run.counts", "for programs"],
      ) + `\n\nKeys of --watch on a terminal:\n${
        KEYS.map(([keys, effect]) => `  ${keys.padEnd(18)}${effect}`).join("\n")
      }`,
    );
}

/** Does it. */
export async function run(options: StatusOptions): Promise<ExitCode> {
  if (options.watch) return await watchStatus(options);
  const { db, run, status, limit = LIMIT, json } = options;
  using reader = await openDatabase(db);
  const snapshot = await readSnapshot((query) => query(reader), { run, status, limit });
  if (!snapshot) {
    throw new CommandError(
      run === undefined
        ? `Cannot show ${sanitize(db)}: it has no runs yet`
        : `Cannot show run ${run} of ${
          sanitize(db)
        }: there is none; pipeloom runs lists those there are`,
    );
  }
  writeLines(json ? [sanitizedJson(snapshot, 2)] : drawSnapshot(snapshot, surface()));
  return EXIT.done;
}

function statuses(text: string): TaskStatus[] {
  const list = text.split(",").map((one) => one.trim());
  const wrong = list.filter((one) => !TASK_STATUSES.includes(one as TaskStatus));
  if (wrong.length === 0) return list as TaskStatus[];
  throw new InvalidArgumentError(`Use some of ${TASK_STATUSES.join(", ")}, separated by commas.`);
}
