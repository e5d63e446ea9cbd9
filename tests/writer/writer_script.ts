/**
 * Random messages for the writer: legal and illegal ones, about few tasks, so that much happens to each.
 *
 * Each message stands for itself, with ids that may or may not be there, so that a script still makes sense when
 * parts of it are taken away: a counterexample shrinks to the few messages that matter.
 *
 * @module
 */
import fc from "fast-check";
import type { InsertMessage, WriteMessage } from "../../writer/protocol/write_message.ts";
import { AT, LATER } from "./worker/store_fixture.ts";
import { SQL } from "./writer_model.ts";

/** What one sender sends at once. */
export interface ScriptBatch {
  sender: number;
  messages: WriteMessage[];
}

/** Batches that are sent without waiting for each other's answers, again and again. */
export type Script = ScriptBatch[][];

/** Senders that there are. */
export const SENDERS = 3;

/** The database before a script begins: two runs of one name, the first with task 1 and 2, the other with 5 and 6. */
export const PRELUDE: WriteMessage[] = [1, 2].flatMap((run): WriteMessage[] => [
  { kind: "start_run", name: "load", workers: 1, startedAt: AT, reserve: 4 },
  queued(run, run === 1 ? [1, 2] : [5, 6]),
]);

function queued(run: number, ids: number[], key = (id: number): string | null => `k${id}`) {
  const names = ids.map((id) => `task ${id}`);
  return { kind: "queue_tasks" as const, run, ids, names, keys: ids.map(key) };
}

const task = fc.constantFrom(1, 1, 1, 2, 2, 3, 5, 5, 6, 9, 10);
const run = fc.constantFrom(1, 1, 1, 2, 2, 3, 99);
const word = fc.constantFrom("m1", "m2", "m3");
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

/** A task, and mostly the run that it belongs to. */
const placed = fc.record({ id: task, stray: fc.nat(11) }).map(({ id, stray }) => ({
  id,
  run: stray === 11 ? 99 : (id >= 5 && id <= 8) === (stray < 10) ? 2 : 1,
}));

const fact = fc.record({
  k: fc.nat(9),
  v: fc.constantFrom("a", "b", "c", "a", "b", "c", "bad", null),
});

/** What is written once, however often it is sent; keys are few, so that it is. */
const once = fc.record({
  key: fc.constantFrom("a", "b"),
  part: fc.nat(1),
  task: fc.constantFrom(null, 1, 2),
}).map((key) => ({ idempotencyKey: { ...key, run: key.task && 1 } }));

const insert = fc.record({
  facts: fc.array(fact, { maxLength: 3 }),
  onConflict: fc.constantFrom<Partial<InsertMessage>>(
    {},
    {},
    { onConflict: ["k"], update: ["v"] },
    { onConflict: ["k"], update: "ignore" },
  ),
  columns: fc.constantFrom(null, ["k", "v"]),
  task: sometimes(task),
  once: sometimes(once),
}).map(({ facts, onConflict, columns, task, once }): WriteMessage => ({
  kind: "insert",
  table: "fact",
  columns,
  values: facts.flatMap(({ k, v }) => [k, v]),
  width: 2,
  ...onConflict,
  ...once,
  ...(task && { task }),
}));

/** Rows that no table takes, each in its own way: no table, a foreign key that COMMIT looks at, too few values. */
const misfit = fc.record({
  rest: fc.constantFrom<Omit<InsertMessage, "kind" | "columns">>(
    { table: "nowhere", values: [1], width: 1 },
    { table: "part", values: [-1], width: 1 },
    { table: "fact", values: [1, "a", 2], width: 2 },
    { table: "fact", values: [1, "a", 2], width: 3 },
  ),
  task: sometimes(task),
}).map(({ rest, task }): WriteMessage => ({
  kind: "insert",
  columns: null,
  ...rest,
  ...(task && { task }),
}));

/** A part before the fact that it is of: right only as a whole. */
const pair = fc.nat(5).map((k): WriteMessage => ({
  kind: "transaction",
  messages: [
    { kind: "insert", table: "part", columns: null, values: [k], width: 1 },
    {
      kind: "insert",
      table: "fact",
      columns: null,
      values: [k, "whole"],
      width: 2,
      onConflict: ["k"],
      update: "ignore",
    },
  ],
}));

const news = fc.record({
  placed,
  status: fc.constantFrom(
    undefined,
    undefined,
    "running",
    "running",
    "running",
    "done",
    "done",
    "error",
    "cancelled",
    "queued",
  ),
  fields: fc.record({
    startedAt: fc.constant(AT),
    progress: fc.constantFrom(0.25, 0.5, 1),
    message: word,
    updatedAt: fc.constantFrom(AT, LATER),
    result: fc.constantFrom('{"a":1}', "2"),
    error: word,
    finishedAt: fc.constant(LATER),
  }, { requiredKeys: [] }),
}).map(({ placed, status, fields }): WriteMessage => ({
  kind: "task_update",
  ...placed,
  ...(status && { status }),
  ...fields,
}));

const retry = fc.record({ placed, startedAt: sometimes(fc.constant(AT)), message: word })
  .map(({ placed: { id, run }, startedAt, message }): WriteMessage => ({
    kind: "requeue_tasks",
    run,
    ids: [id],
    attempt: {
      ...(startedAt && { startedAt }),
      finishedAt: LATER,
      error: "it failed",
      message,
      isCounted: true,
    },
  }));

const queue = fc.record({
  run,
  ids: fc.array(fc.constantFrom(1, 3, 4, 7, 8, 9, 11), { maxLength: 3 }),
  keyed: fc.constantFrom("each", "each", "each", "same", "none"),
}).map(({ run, ids, keyed }): WriteMessage =>
  queued(run, ids, (id) => keyed === "none" ? null : keyed === "same" ? "k1" : `k${id}`)
);

const resume = fc.record({
  run,
  items: fc.array(
    fc.record({
      id: fc.constantFrom(0, 0, 0, 3, 12),
      name: fc.constantFrom("new", null),
      key: fc.constantFrom("k1", "k2", "k3", "k5", "k6", "k9", "new"),
    }),
    { maxLength: 4 },
  ),
}).map(({ run, items }): WriteMessage => ({
  kind: "resume_tasks",
  run,
  ids: items.map(({ id }) => id),
  names: items.map(({ name }) => name),
  keys: items.map(({ key }) => key),
}));

const startRun = fc.record({
  name: fc.constantFrom("load", "load", "load", "other"),
  reserve: fc.nat(2),
  resume: fc.constantFrom<(true | number | undefined)[]>(undefined, true, 1, 1, 2, 7),
  alone: sometimes(fc.constant(true)),
}).map(({ name, reserve, resume, alone }): WriteMessage => ({
  kind: "start_run",
  name,
  workers: 2,
  startedAt: AT,
  reserve,
  ...(resume && { resume }),
  ...(alone && { alone }),
}));

const control = fc.oneof(
  fc.record({
    action: fc.constantFrom("cancel" as const, "cancel" as const, "retry" as const),
    placed,
    whole: fc.boolean(),
  }).map(({ action, placed: { id, run }, whole }): WriteMessage => ({
    kind: "request_control",
    action,
    run,
    taskId: whole ? null : id,
  })),
  fc.record({ request: fc.integer({ min: 1, max: 3 }), refused: fc.boolean() })
    .map((answer): WriteMessage => ({ kind: "answer_control", ...answer, answer: "so" })),
  placed.map(({ run, id }): WriteMessage => ({
    kind: "end_tasks",
    run,
    ids: [id],
    status: "cancelled",
    message: "not wanted",
    finishedAt: LATER,
  })),
  fc.record({ run, ids: fc.array(task, { maxLength: 3 }) })
    .map((asked): WriteMessage => ({ kind: "requeue_tasks", ...asked })),
  fc.record({
    run,
    ids: fc.array(task, { maxLength: 3 }),
    status: fc.constantFrom("error" as const, "cancelled" as const),
  }).map((asked): WriteMessage => ({
    kind: "end_tasks",
    running: true,
    ...asked,
    message: "gone",
    error: "Error: gone",
    finishedAt: LATER,
  })),
);

const depend = fc.record({ run, pairs: fc.array(fc.tuple(task, task), { maxLength: 3 }) })
  .map(({ run, pairs }): WriteMessage => ({
    kind: "depend_tasks",
    run,
    ids: pairs.map(([id]) => id),
    dependsOn: pairs.map(([, id]) => id),
  }));

const ofRun = fc.oneof(
  fc.record({ run, count: fc.nat(3) })
    .map((asked): WriteMessage => ({ kind: "reserve_ids", ...asked })),
  run.map((run): WriteMessage => ({
    kind: "end_tasks",
    run,
    ids: "queued",
    status: "cancelled",
    message: "stopped",
    finishedAt: LATER,
  })),
  fc.record({
    run,
    status: fc.constantFrom("done", "done", "error", "cancelled"),
    stopped: fc.constantFrom<(true | undefined)[]>(undefined, undefined, true),
  })
    .map((ended): WriteMessage => ({ kind: "finish_run", ...ended, finishedAt: LATER })),
);

const statement = fc.oneof(
  fc.record({ sql: fc.constantFrom(...Object.keys(SQL)), task: sometimes(task) })
    .map(({ sql, task }): WriteMessage => ({
      kind: "execute",
      sql,
      params: [],
      ...(task && { task }),
    })),
  fc.record({ name: fc.constantFrom("touch", "touch", "touch", "toString"), fact })
    .map(({ name, fact: { k, v } }): WriteMessage => ({ kind: "statement", name, params: [v, k] })),
);

const single = fc.oneof(
  { weight: 8, arbitrary: news },
  { weight: 3, arbitrary: insert },
  { weight: 1, arbitrary: misfit },
  { weight: 1, arbitrary: pair },
  { weight: 2, arbitrary: retry },
  { weight: 2, arbitrary: queue },
  { weight: 2, arbitrary: resume },
  { weight: 2, arbitrary: startRun },
  { weight: 2, arbitrary: ofRun },
  { weight: 3, arbitrary: control },
  { weight: 1, arbitrary: depend },
  { weight: 2, arbitrary: statement },
  { weight: 1, arbitrary: fc.constant({ kind: "nonsense" } as unknown as WriteMessage) },
);

/** All of the messages, or none. */
const together = (messages: fc.Arbitrary<WriteMessage>) =>
  fc.record({
    messages: fc.array(messages, { maxLength: 4 }),
    task: sometimes(task),
    once: sometimes(once),
  }).map(({ messages, task, once }): WriteMessage => ({
    kind: "transaction",
    messages,
    ...once,
    ...(task && { task }),
  }));

const message = fc.oneof(
  { weight: 8, arbitrary: single },
  { weight: 1, arbitrary: together(fc.oneof(single, together(single))) },
);

const batch = fc.record({
  sender: fc.nat(SENDERS - 1),
  messages: fc.array(message, { maxLength: 16, size: "max" }),
});

/** Scripts of up to eight rounds. */
export const script: fc.Arbitrary<Script> = fc.array(
  fc.array(batch, { minLength: 1, maxLength: 3, size: "max" }),
  { maxLength: 8, size: "max" },
);
