/**
 * Asks something of a run that another process runs: the request is a row in the file, which that process notices
 * by itself.
 *
 * @module
 */
import type { Command } from "commander";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import type { Reader } from "../../dashboard/server/reader.ts";
import { type Answer, readAnswer } from "../../dashboard/server/queries/requests.ts";
import { findFailures } from "../../dashboard/server/queries/answers/failures.ts";
import { getRun } from "../../dashboard/server/queries/runs.ts";
import { exitAfter, onInterrupt } from "../../pipeline/signals.ts";
import { delay } from "../../internal/delay.ts";
import type { ControlAction } from "../../writer/protocol/control_message.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { latestRun, type NamedRun, namedRun } from "./named_run.ts";
import { openDatabase, rollBack } from "../open_database.ts";
import { openWriter } from "../open_writer.ts";
import { clientOf } from "../../writer/client/sqlite_writer.ts";
import { type DbOption, dbOption, driverOption, jsonOption, wholeNumber } from "../options.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Milliseconds between two looks for the answer. */
const LOOK_MS = 50;

/** Options of `cancel` and `retry`. */
export interface AskOptions extends DbOption {
  /** The SQLite driver. */
  driver?: DriverChoice | undefined;
  /** Seconds to wait until it has taken effect. */
  wait: number;
  /** Whether to print JSON. */
  json?: boolean;
  /** Only failures of this cause, of a retry. */
  cause?: string | undefined;
}

/** Adds what `cancel` and `retry` have in common. */
export function defineAsk(command: Command): Command {
  return command
    .argument("<run>", 'id of the run, or "latest"', namedRun(1))
    .argument("[task]", "id of the task", wholeNumber(1))
    .addOption(dbOption())
    .addOption(driverOption())
    .option("--wait <seconds>", "how long to wait until it has taken effect", wholeNumber(0), 5)
    .addOption(jsonOption("what became of it"));
}

/** Sends a request, and reports its outcome. */
export async function ask(
  action: ControlAction,
  { run: named, task }: { run: NamedRun; task?: number | undefined },
  options: AskOptions,
): Promise<ExitCode> {
  const { db, driver, json } = options;
  await rollBack(db);
  using reader = await openDatabase(db, driver);
  const run = named === "latest"
    ? latestRun(reader, `Cannot find the latest run of ${sanitize(db)}`)
    : named;
  // Nothing is written into a file that has no such run.
  if (!getRun(reader, run)) {
    throw new CommandError(
      `Cannot ${action} run ${run} of ${sanitize(db)}: there is none; pipeloom runs lists those ` +
        `there are`,
    );
  }
  if (run === 0) {
    throw new CommandError(
      `Cannot ${action} run 0 of ${
        sanitize(db)
      }: it stands for the tasks of the Python pipeloom, ` +
        `which reads no requests`,
    );
  }
  const taskIds = options.cause === undefined ? undefined : await idsOf(reader, run, options.cause);
  // From here on: once it is requested, a caller that stops waiting learns the state of the request.
  const stop = new AbortController();
  using _ = onInterrupt((signal) => {
    stop.abort(signal);
    // The writer may be in a statement of a damaged file that never ends.
    exitAfter(signal);
  });
  const writer = await openWriter(db, reader);
  let request: number;
  try {
    request = await clientOf(writer).request({
      kind: "request_control",
      action,
      run,
      taskId: task ?? null,
      ...(taskIds ? { taskIds } : {}),
    });
  } finally {
    await writer.close();
  }
  const answer = await waitFor(reader, request, {
    ms: options.wait * 1_000,
    signal: stop.signal,
  });
  const outcome = { request, action, run, task: task ?? null, refused: null, answer: null };
  if (json) writeLines([sanitizedJson({ ...outcome, ...answer }, 2)]);
  else if (answer?.refused) throw new CommandError(answer.answer);
  else writeLines([`${nameOf(run, task)}: ${sanitize(answer?.answer ?? stands(action, task))}`]);
  if (stop.signal.aborted) return exitCodeOf(stop.signal.reason as Deno.Signal);
  return answer?.refused ? EXIT.failed : EXIT.done;
}

/** The tasks that failed of a cause. */
async function idsOf(reader: Reader, run: number, cause: string): Promise<number[]> {
  const ids = await findFailures((query) => query(reader), run, cause);
  if (ids.length > 0) return ids;
  throw new CommandError(
    `Cannot retry the failures of cause ${sanitize(cause)}: run ${run} has none; pipeloom errors ` +
      `${run} lists its causes`,
  );
}

async function waitFor(
  reader: Reader,
  request: number,
  { ms, signal }: { ms: number; signal: AbortSignal },
): Promise<Answer | undefined> {
  reader.refreshSchema();
  for (const until = performance.now() + ms;;) {
    const answer = readAnswer(reader, request);
    if (answer || signal.aborted || performance.now() >= until) return answer;
    await delay(LOOK_MS, signal);
  }
}

function nameOf(run: number, task: number | undefined): string {
  return task === undefined ? `Run ${run}` : `Run ${run}, task ${task}`;
}

function stands(action: ControlAction, task: number | undefined): string {
  if (action === "retry") return "requested; the pipeline will apply it shortly";
  return task === undefined
    ? "cancelling; it ends with its running tasks"
    : "cancelling; it ends when the task heeds its signal";
}
