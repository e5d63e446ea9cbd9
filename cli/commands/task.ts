/**
 * `pipeloom task`: all about one task.
 *
 * @module
 */
import { withLocalTime } from "../../internal/text/retry_text.ts";
import type { Command } from "commander";
import type { Task, TaskAttempt, TaskDependencies, TaskDetail } from "../../dashboard/api.ts";
import { readDependencies } from "../../dashboard/server/queries/answers/task_dependencies.ts";
import { getTask } from "../../dashboard/server/queries/tasks.ts";
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatWhen,
  timeOf,
} from "../../internal/units.ts";
import { openDatabase } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { taskElapsed } from "../status/snapshot.ts";
import { type Colorize, STATUS_SIGNS, STATUS_STYLES } from "../terminal/colors.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { printableLines, sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Characters of an item and of a result; --json has all of what the page shows. */
const LONGEST = 1_000;

/** Tables whose rows are listed. */
const MAX_TABLES = 10;

/** The last steps that are named. */
const MAX_STEPS = 20;

/** Options of the command. */
export interface TaskOptions extends DbOption {
  /** Whether to print JSON. */
  json?: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Show one task: what it is, what it depends on, how long it waited, what ran it, the rows that it wrote, its " +
        "attempts with the newest first, its item and its result. The database is opened read-only.",
    )
    .argument("<id>", "id of the task", wholeNumber(1))
    .addOption(dbOption())
    .addOption(jsonOption("the task"))
    .addHelpText(
      "after",
      examples(
        ["task 1207", "task 1207 of pipeloom.db"],
        ["task 1207 --json | jq -r .attempts[-1].error", "for programs"],
      ),
    );
}

/** Does it. */
export async function run({ db, json }: TaskOptions, id: number): Promise<ExitCode> {
  using reader = await openDatabase(db);
  const task = getTask(reader, id);
  if (!task) {
    throw new CommandError(
      `Cannot show task ${id} of ${sanitize(db)}: there is none; pipeloom status lists tasks`,
    );
  }
  const dependencies = await readDependencies((query) => query(reader), task);
  writeLines(
    json
      ? [sanitizedJson({ ...task, ...dependencies }, 2)]
      : drawTask(task, dependencies, surface().paint),
  );
  return EXIT.done;
}

function drawTask(
  task: TaskDetail,
  { dependsOn, neededBy }: TaskDependencies,
  paint: Colorize,
): string[] {
  const { id, name, key, status, run, stage, progress, message, waitedMs, host, pid } = task;
  const facts: [label: string, text: string | null | undefined][] = [
    ["run", `${run.id} ${run.name}`],
    ["key", key],
    ["stage", stage],
    ["tags", task.tags?.join(", ")],
    ["progress", formatPercent(progress)],
    ["message", message && withLocalTime(message).split("\n", 1)[0]],
    ["waited", waitedMs == null ? null : `${formatDuration(waitedMs)} from the start of its run`],
    ["started", timeText(task.startedAt)],
    ["took", tookText(task)],
    ["ran on", task.attempts.at(-1)?.worker ?? (host && `${host}${pid ? `, process ${pid}` : ""}`)],
    ["wrote", wroteText(task.wrote)],
    ["steps", stepsText(task.steps)],
    ["checks", checksText(task.checks)],
    ["depends on", listText(dependsOn)],
    ["needed by", listText(neededBy)],
  ];
  return [
    paint("bold", sanitize(`Task ${id} ${name}`)) + " " +
    paint(STATUS_STYLES[status], `${STATUS_SIGNS[status] ?? "?"} ${sanitize(status)}`),
    ...facts.filter(([, text]) => text)
      .map(([label, text]) => `${paint("dim", label.padEnd(10))} ${sanitize(text!)}`),
    ...drawAttempts(task.attempts, paint),
    ...drawText("item", task.input, paint),
    ...drawText("result", task.result, paint),
  ];
}

/** The newest attempt with its error, the others in a line each. */
function drawAttempts(attempts: readonly TaskAttempt[], paint: Colorize): string[] {
  if (attempts.length <= 1 && !attempts.some(({ error }) => error)) return [];
  return attempts.toReversed().flatMap(({ attempt, status, startedAt, finishedAt, error }, i) => {
    const [from, to] = [timeOf(startedAt), timeOf(finishedAt)];
    const took = from !== null && to !== null ? `, ${formatDuration(to - from)}` : "";
    const [first = "", ...rest] = printableLines(error ?? "").trimEnd().split("\n");
    const head = `attempt ${attempt}: ${status}, ${timeText(startedAt) ?? "not started"}${took}`;
    const line = paint(STATUS_STYLES[status], sanitize(head));
    return i === 0
      ? [line, ...(first ? [first, ...rest] : []).map((text) => `  ${text}`)]
      : [first ? `${line}: ${sanitize(first)}` : line];
  });
}

function drawText(label: string, text: string | null | undefined, paint: Colorize): string[] {
  if (!text) return [];
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return [`${paint("dim", label.padEnd(10))} ${sanitize(shown)}`];
}

function listText({ total, tasks }: { total: number; tasks: readonly Task[] }): string | null {
  if (total === 0) return null;
  const names = tasks.map(({ id, name, status }) => `${name} (${id}, ${status})`).join(", ");
  return total > tasks.length ? `${names} and ${formatCount(total - tasks.length)} more` : names;
}

/** Such as "3 inserted, 1 deleted in city; 2 inserted in country". */
function wroteText(tables: TaskDetail["wrote"]): string | null {
  if (!tables) return null;
  const shown = tables.slice(0, MAX_TABLES).map(({ table, ...counts }) => {
    const parts = Object.entries(counts).filter(([, count]) => count > 0)
      .map(([change, count]) => `${formatCount(count)} ${change}`);
    return `${parts.join(", ")} in ${table}`;
  });
  const left = tables.length - shown.length;
  return shown.join("; ") + (left > 0 ? ` and ${formatCount(left)} more tables` : "");
}

/** Such as "ask 1 ms; sleep 300 ms; load 40 ms, failed". */
function stepsText(steps: TaskDetail["steps"]): string | null {
  if (!steps?.length) return null;
  return steps.slice(-MAX_STEPS).map(({ kind, name, startedAt, finishedAt, error }) => {
    const [from, to] = [timeOf(startedAt), timeOf(finishedAt)];
    const took = from === null || to === null ? "" : ` ${formatDuration(to - from)}`;
    return `${kind === "sleep" ? kind : name}${took}${error ? ", failed" : ""}`;
  }).join("; ");
}

/** Such as "rows warned; 3 passed". */
function checksText(checks: TaskDetail["checks"]): string | null {
  if (!checks?.length) return null;
  const others = checks.filter(({ passed }) => !passed).map(({ name, severity }) =>
    `${name} ${severity === "warn" ? "warned" : "failed"}`
  );
  const passed = checks.length - others.length;
  return [...others, ...(passed > 0 ? [`${formatCount(passed)} passed`] : [])].join("; ");
}

function tookText(task: TaskDetail): string | null {
  const elapsed = taskElapsed(task, task.run.status === "running");
  return elapsed === null ? null : formatDuration(elapsed);
}

function timeText(time: string | null): string | null {
  const at = timeOf(time);
  return at === null ? null : formatWhen(at, Date.now());
}
