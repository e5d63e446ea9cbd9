/**
 * What a task checks about its data: each check is a row of `task_checks`, committed with what the task writes.
 *
 * @module
 */
import {
  checkBoolean,
  checkChoice,
  checkOptions,
  checkText,
  type KindsOf,
} from "../../internal/validate.ts";
import { toJson } from "../../internal/json.ts";
import { withoutNul } from "../../internal/text/nul_characters.ts";
import { isoNow } from "../../internal/timestamps.ts";
import type { InsertMessage } from "../../writer/protocol/write_message.ts";
import type { CheckOptions } from "./task_context.ts";
import type { NotedChecks } from "./attempt_parts.ts";
import type { TaskEnvironment, TaskExecution } from "./task_execution.ts";

const KINDS: KindsOf<CheckOptions> = {
  expected: "own check",
  severity: "own check",
  value: "own check",
};

const SEVERITIES = ["error", "warn"] as const;

/** The checks of one attempt. */
class TaskChecks implements NotedChecks {
  /** What keeps the task from being done. */
  readonly #failed: string[] = [];
  /** Those of an atomic task, which are committed with its end. */
  readonly held: InsertMessage[] = [];

  /** Fails the task if a check has not passed. */
  throwIfFailed(): void {
    const [first, ...others] = this.#failed;
    if (first === undefined) return;
    const more = others.length > 0 ? `, and ${others.length} more` : "";
    throw new Error(`The check ${first}${more} did not pass`);
  }

  /** Notes a check. */
  add(text: string | undefined, message: InsertMessage | undefined): void {
    if (text !== undefined) this.#failed.push(text);
    if (message) this.held.push(message);
  }
}

/**
 * Stores a check. Returns whether it passed.
 *
 * @throws {TypeError} If it has no name, `passed` is not a boolean, or an option is wrong
 */
export function checkFromTask(
  execution: TaskExecution,
  name: string,
  passed: boolean,
  options: CheckOptions = {},
): boolean {
  const operation = "store a check";
  execution.check(operation);
  checkText(name, { operation, name: "its name" });
  checkBoolean(passed, { operation, name: "passed" });
  checkOptions(options, { operation, kinds: KINDS });
  const { value, expected, severity = "error" } = options;
  checkChoice(severity, { operation, name: "severity", choices: SEVERITIES });
  const json = (value: unknown, what: string) =>
    value === undefined
      ? null
      : toJson(value, { place: (path) => `${what}${path}`, bigintAsString: true }) ?? null;
  const [found, wanted] = [json(value, "value"), json(expected, "expected")];
  const { run, batchSender, atomic } = execution.environment;
  const values = [
    execution.id,
    run,
    execution.attempt,
    isoNow(),
    withoutNul(name),
    passed ? 1 : 0,
    severity,
    found,
    wanted,
  ];
  const message: InsertMessage = {
    kind: "insert",
    table: "task_checks",
    columns: [
      "task_id",
      "run_id",
      "attempt",
      "checked_at",
      "name",
      "passed",
      "severity",
      "value",
      "expected",
    ],
    values,
    width: values.length,
    bytes: name.length + (found?.length ?? 0) + (wanted?.length ?? 0),
  };
  const isHeld = atomic && run !== null;
  if (run !== null && !atomic) batchSender.post(message);
  const why = wanted === null && found === null
    ? ""
    : ` (${wanted === null ? "" : `expected ${wanted}, `}got ${found ?? "nothing"})`;
  const failed = passed || severity !== "error" ? undefined : `${Deno.inspect(name)}${why}`;
  if (isHeld || failed) {
    (execution.checks ??= new TaskChecks()).add(failed, isHeld ? message : undefined);
  }
  return passed;
}

/** Writes the checks of an atomic task that has failed: its rows are not written, and these show why. */
export function writeChecks(
  { checks, isAbandoned }: TaskExecution,
  { batchSender }: TaskEnvironment,
): void {
  for (const message of isAbandoned ? [] : checks?.held ?? []) batchSender.post(message);
}
