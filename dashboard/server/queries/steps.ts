/**
 * Queries about durable steps and tasks that sleep.
 *
 * @module
 */
import { isoNow } from "../../../internal/timestamps.ts";
import type { Run, TaskStep } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { tasksOf } from "./run_tasks.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Steps of a task that are shown: the last. */
const MAX_STEPS = 100;

/** Characters of a name, a result or an error that are shown. */
const STEP_CHARACTERS = 200;

/** Tasks that are counted: that there are more is all that people need to know. */
const MAX_ASLEEP = 1_000;

/** The steps that a task has ended, and its sleeps; the last of them. */
export function readSteps(reader: Reader, task: number): TaskStep[] {
  if (!reader.has("task_steps")) return [];
  const rows = reader.all(
    `SELECT number, kind, attempt, started_at, finished_at,
       ${textStart("name", STEP_CHARACTERS)} AS name,
       ${textStart("result", STEP_CHARACTERS)} AS result,
       CASE WHEN json_valid(error) THEN substr(json_extract(error,'$.message'),1,${
      STEP_CHARACTERS + 1
    }) END AS error
     FROM task_steps WHERE task_id=? ORDER BY number DESC LIMIT ${MAX_STEPS}`,
    task,
  );
  return rows.reverse().map((row) => {
    const short = (text: string | null) => text && shorten(text, STEP_CHARACTERS);
    return {
      number: Number(row.number),
      kind: row.kind === "sleep" ? "sleep" : "step",
      name: short(toText(row.name)) ?? "",
      attempt: Number(row.attempt),
      startedAt: toText(row.started_at),
      finishedAt: toText(row.finished_at),
      result: short(toText(row.result)),
      error: short(toText(row.error)),
    };
  });
}

/** How many tasks of a run sleep, and when the first of them wakes; `undefined` when none does. */
export function readAsleep(reader: Reader, run: number): Run["asleep"] {
  const tasks = reader.has("task_runs", "wakes_at") ? tasksOf(reader, run) : undefined;
  if (!tasks) return;
  // By the index on times: queued tasks may be a million.
  const row = reader.get(
    `SELECT count(*) AS tasks, min(wakes_at) AS until FROM (
       SELECT wakes_at FROM task_runs
       WHERE wakes_at > ? AND +status='queued' AND ${tasks.condition}
       ORDER BY wakes_at LIMIT ${MAX_ASLEEP})`,
    isoNow(),
    tasks.run,
  );
  const until = toText(row?.until);
  return until === null ? undefined : { tasks: Number(row!.tasks), until };
}
