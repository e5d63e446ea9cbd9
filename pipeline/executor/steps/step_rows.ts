/**
 * The rows of durable steps: read for many tasks with one query, and the message that stores them.
 *
 * @module
 */
import type { BatchSender } from "../../../writer/client/batch_sender.ts";
import type { InsertMessage } from "../../../writer/protocol/write_message.ts";
import type { SqlRow } from "../../../writer/protocol/sqlite_types.ts";
import type { TaskExecution } from "../task_execution.ts";

/** A step or a sleep that a task has finished. */
export interface StoredStep {
  kind: "step" | "sleep";
  /** Its name; none for a sleep. */
  name: string;
  /** When it began, ISO 8601. */
  startedAt: string;
  /** When it ended; of a sleep when it is over, ISO 8601. */
  finishedAt: string;
  /** What it returned, as JSON; `null` for nothing. */
  result: string | null;
  /** What it threw and its task caught, as JSON. */
  error: string | null;
}

const COLUMNS = [
  "task_id",
  "run_id",
  "number",
  "kind",
  "name",
  "attempt",
  "started_at",
  "finished_at",
  "result",
  "error",
];

const SELECT = `SELECT task_id, kind, name, started_at, finished_at, result, error
  FROM main.task_steps WHERE task_id IN (SELECT value FROM json_each(?)) ORDER BY task_id, number`;

/** Who asks for the steps of which task. */
type Question = PromiseWithResolvers<StoredStep[]> & { task: number };

/** The questions of one sender that wait while another query is on its way. */
const waiting = new WeakMap<BatchSender, Question[]>();

/**
 * The steps that a task has finished, in their order. Tasks that ask while a query is on its way share the next one: a
 * query ends the batch that is being collected.
 */
export function readSteps(batchSender: BatchSender, task: number): Promise<StoredStep[]> {
  const question = { ...Promise.withResolvers<StoredStep[]>(), task };
  const others = waiting.get(batchSender);
  if (others) others.push(question);
  else {
    waiting.set(batchSender, [question]);
    queueMicrotask(() => void answerAll(batchSender));
  }
  return question.promise;
}

async function answerAll(batchSender: BatchSender): Promise<void> {
  for (let asked = waiting.get(batchSender)!; asked.length > 0; asked = waiting.get(batchSender)!) {
    waiting.set(batchSender, []);
    try {
      const params = [JSON.stringify(asked.map(({ task }) => task))];
      const rows = await batchSender.query({ kind: "rows", sql: SELECT, params });
      const steps = Map.groupBy(rows, ({ task_id }) => Number(task_id));
      for (const { task, resolve } of asked) resolve((steps.get(task) ?? []).map(toStep));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
  waiting.delete(batchSender);
}

function toStep({ kind, name, started_at, finished_at, result, error }: SqlRow): StoredStep {
  return {
    kind: kind === "sleep" ? "sleep" : "step",
    name: String(name),
    startedAt: String(started_at),
    finishedAt: String(finished_at),
    result: result as string | null,
    error: error as string | null,
  };
}

/** The message that stores steps, of which the first has this number. */
export function toStepsMessage(
  { id, attempt, environment: { run } }: TaskExecution,
  first: number,
  steps: readonly StoredStep[],
): InsertMessage {
  const values: (string | number | null)[] = [];
  let bytes = 0;
  steps.forEach(({ kind, name, startedAt, finishedAt, result, error }, i) => {
    values.push(id, run, first + i, kind, name, attempt, startedAt, finishedAt, result, error);
    bytes += name.length + (result?.length ?? 0) + (error?.length ?? 0);
  });
  return {
    kind: "insert",
    table: "task_steps",
    columns: COLUMNS,
    values,
    width: COLUMNS.length,
    bytes,
  };
}
