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
import { asStored } from "../../internal/text/stored_text.ts";
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

/** How bad a check is: passed, `"warn"`, `"error"`. */
type Badness = 0 | 1 | 2;

/** The checks of one attempt. */
class TaskChecks implements NotedChecks {
  /** How bad those were that did not pass, by their names. */
  readonly #bad = new Map<string, Badness>();
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

  /**
   * Whether a check of this name has not passed before, and was worse. Readers show the last check of a name, so one
   * that is made for each row must not hide a row that did not pass.
   */
  hasWorse(name: string, badness: Badness): boolean {
    const before = this.#bad.get(name) ?? 0;
    if (badness > before) this.#bad.set(name, badness);
    return badness < before;
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
  const json = (value: unknown, what: string) => {
    // The mean of an empty column is a value to see.
    const isNoNumber = typeof value === "number" && !Number.isFinite(value);
    const shown = isNoNumber ? String(value) : value;
    if (shown === undefined) return null;
    return toJson(shown, { place: (path) => `${what}${path}`, bigintAsString: true }) ?? null;
  };
  const [found, wanted] = [json(value, "value"), json(expected, "expected")];
  const badness = passed ? 0 : severity === "warn" ? 1 : 2;
  if (badness > 0) execution.checks ??= new TaskChecks();
  if ((execution.checks as TaskChecks | undefined)?.hasWorse(name, badness)) return passed;
  const { run, batchSender, atomic } = execution.environment;
  const values = [
    execution.id,
    run,
    execution.attempt,
    isoNow(),
    asStored(name),
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
