/**
 * Random messages, legal and illegal, from several senders, against a model of the writer that knows neither
 * batches nor SQL. After each round every message is committed or among the failures as the model predicts, did
 * what the model predicts, and the tables hold what the model holds, as a second connection sees them.
 */
import { connect, type Connection, connectReadOnly, initSchema } from "../../db.ts";
import type { Ack } from "../../writer/protocol/sender_port.ts";
import type { InsertMessage, WriteMessage } from "../../writer/protocol/write_message.ts";
import { assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { OneThread, type RawPort } from "../support/one_thread.ts";
import { check } from "../support/property.ts";
import { AT, end, LATER, news, queue, retry, start } from "./worker/store_fixture.ts";
import { tempFolder } from "../support/temp.ts";
import { Model, SCHEMA, SOME, STATEMENTS } from "./writer_model.ts";
import { PRELUDE, type Script, script, type ScriptBatch, SENDERS } from "./writer_script.ts";

/** Scripts in the suite. */
const RUNS = 50;

const LOST: InsertMessage = {
  kind: "insert",
  table: "nowhere",
  columns: null,
  values: [1],
  width: 1,
  task: 1,
};
const FINISH: WriteMessage = { kind: "finish_run", run: 1, status: "error", finishedAt: LATER };
const RESUME: WriteMessage = {
  kind: "start_run",
  name: "load",
  workers: 1,
  startedAt: AT,
  reserve: 0,
  resume: 1,
};

/** Counterexamples that were bugs. */
const EXAMPLES: Script[] = [
  // A task that ended between the start of a resumed run and its taking up was not queued again.
  [
    alone(FINISH),
    alone(RESUME),
    alone(end(1, 1, "cancelled")),
    alone({ kind: "resume_tasks", run: 1, ids: [0], names: [null], keys: ["k1"] }),
  ],
  // What failed in an attempt failed the next one, when both were sent in one batch.
  [alone(start(1, 1), LOST), alone(retry(1, 1, "again"), start(1, 1), end(1, 1))],
  // The same, of a task that was interrupted, of one that had not begun, and of one that had the id of a task that was
  // not there.
  [
    alone(start(1, 1), LOST, FINISH, RESUME),
    alone({ kind: "resume_tasks", run: 1, ids: [0], names: [null], keys: ["k1"] }),
    alone(start(1, 1), end(1, 1)),
  ],
  [
    alone(LOST, FINISH, RESUME),
    alone({ kind: "resume_tasks", run: 1, ids: [0], names: [null], keys: ["k1"] }),
    alone(start(1, 1), end(1, 1)),
  ],
  [alone({ ...LOST, task: 9 }), alone(queue(1, [9]), start(1, 9), end(1, 9))],
  // News of a task in a run that is not its own was lost without an error.
  [alone(start(1, 1), news(2, 1, { progress: 0.5 }), end(1, 1))],
  // News of a task that came before it, in one batch, was written.
  [alone(news(1, 9, { startedAt: AT }), queue(1, [9]))],
  // A run was finished without the tasks that were queued in the same transaction.
  [alone({
    kind: "transaction",
    messages: [queue(1, [3]), { kind: "transaction", messages: [{ ...FINISH, status: "done" }] }],
  })],
  // The tasks of a run were resumed, whose resumption had been undone with all that came with it.
  [
    [...alone({ kind: "finish_run", run: 2, status: "done", finishedAt: LATER }), ...alone()],
    [
      ...alone({
        kind: "transaction",
        messages: [
          {
            kind: "transaction",
            messages: [{ ...RESUME, resume: 2 } as WriteMessage, {
              kind: "resume_tasks",
              run: 2,
              ids: [],
              names: [],
              keys: [],
            }],
          },
          news(1, 1, {}),
        ],
      }),
      ...alone(),
    ],
    alone({ kind: "resume_tasks", run: 2, ids: [], names: [], keys: [] }),
  ],
  // A run that does not exist was finished, and given tasks.
  [alone({ ...FINISH, run: 99 }), alone(queue(99, [9]))],
];

/** A round of one batch. */
function alone(...messages: WriteMessage[]): ScriptBatch[] {
  return [{ sender: 0, messages }];
}

const TABLES = {
  tasks:
    `SELECT id, name, run_id, key, status, progress, message, started_at, finished_at, result, error,
    updated_at FROM task_runs ORDER BY id`,
  runs:
    `SELECT id, name, status, first_task_id, last_task_id, resumed, dependencies, retried, queued, running, done, error,
    cancelled FROM pipeline_runs ORDER BY id`,
  attempts: `SELECT task_id, run_id, attempt, status, started_at, finished_at, error
    FROM task_attempts ORDER BY id`,
  waits: `SELECT run_id || ' ' || task_id || ' ' || depends_on_id AS line FROM task_dependencies
    ORDER BY line`,
  requests: "SELECT run_id, task_id, kind, refused FROM run_requests ORDER BY id",
  facts: "SELECT k, v FROM fact ORDER BY k",
  parts: "SELECT k FROM part ORDER BY rowid",
};

/** What the tables should hold. */
function expected(model: Model): Record<keyof typeof TABLES, unknown[][]> {
  const { tasks, runs, attempts, facts, parts, waits, requests } = model.state;
  const byId = <T>([a]: [number, T], [b]: [number, T]) => a - b;
  return {
    tasks: [...tasks].sort(byId).map(([id, t]) => [
      ...[id, t.name, t.run, t.key, t.status, t.progress, t.message],
      ...[t.started, t.finished, t.result, t.error, t.updated],
    ]),
    runs: [...runs].map(([id, { name, status, first, last, resumed, dependencies, retried }]) => {
      const { queued, running, done, error, cancelled } = model.counts(id);
      return [
        ...[id, name, status, first, last, resumed, dependencies, retried],
        ...[queued, running, done, error, cancelled],
      ];
    }),
    waits: [...waits].map((line) => [line]).sort(),
    attempts,
    requests: requests.map(({ run, task, action, refused }) => [run, task, action, refused]),
    facts: [...facts].sort(byId),
    parts: parts.map((k) => [k]),
  };
}

/** The runs of a script: the writer, its senders, and the model beside it. */
class Trial implements Disposable {
  readonly #model = new Model();
  readonly #loop: OneThread;
  readonly #senders: RawPort[];
  readonly #reader: Connection;
  #batches = 0;

  constructor(loop: OneThread, reader: Connection) {
    this.#loop = loop;
    this.#reader = reader;
    this.#senders = Array.from({ length: SENDERS }, () => loop.port());
  }

  /** Sends batches, and compares what became of them with what should have. */
  async round(batches: readonly ScriptBatch[]): Promise<void> {
    const first = this.#batches;
    for (const { sender, messages } of batches) {
      const seq = this.#batches++;
      this.#senders[sender]!.postBatch(seq, [arrival(seq), ...messages]);
    }
    const acks: Ack[] = [];
    for (const { sender } of batches) acks.push(await this.#senders[sender]!.next() as Ack);
    // Which sender comes first is up to the ports.
    const order = this.#rows("SELECT batch FROM arrival ORDER BY rowid").slice(first);
    assertEquals(order.length, batches.length);
    for (const [seq] of order as [number][]) {
      const { failures, results } = acks.find((ack) => ack.seq === seq)!;
      const failed = new Map(failures);
      const did = new Map(results);
      batches[seq - first]!.messages.forEach((message, i) => {
        const failure = failed.get(i + 1);
        const verdict = this.#model.apply(message, failure);
        const about = () => `message ${i} of batch ${seq}: ${Deno.inspect(message, { depth: 5 })}`;
        assertEquals(!!failure, verdict.failed, `${failure?.message ?? "Written"}: ${about()}`);
        assertEquals(plain(did.get(i + 1)), plain(verdict.result), about());
      });
    }
    const tables = expected(this.#model);
    for (const [name, rows] of Object.entries(tables)) {
      const found = this.#rows(TABLES[name as keyof typeof TABLES]);
      assertEquals(found.map((row, i) => veiled(row, rows[i])), rows, `Table of ${name}`);
    }
  }

  #rows(sql: string): unknown[][] {
    return this.#reader.prepare(sql).all().map(Object.values);
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#loop[Symbol.dispose]();
  }
}

/** A row by which the order of batches can be seen. */
function arrival(batch: number): WriteMessage {
  return { kind: "insert", table: "arrival", columns: null, values: [batch], width: 1 };
}

/** A result as far as the model predicts it. */
function plain(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(plain);
  if (result && typeof result === "object" && "changes" in result) {
    return { changes: result.changes };
  }
  return result;
}

/** A row with the texts left out that the model does not predict. */
function veiled(row: unknown[], model: unknown[] = []): unknown[] {
  return row.map((value, i) => model[i] === SOME && value !== null ? SOME : value);
}

for (const driver of DRIVERS) {
  Deno.test(`WriterLoop does with random messages what a model does (${driver})`, async () => {
    await check(script, async (rounds) => {
      using folder = tempFolder();
      const db = folder.file("model.db");
      const connection = await connect(db, { driver });
      // No test waits for a disk that is not tried here.
      connection.exec("PRAGMA synchronous=OFF");
      initSchema(connection);
      connection.exec(SCHEMA);
      const loop = new OneThread(connection, STATEMENTS);
      using trial = new Trial(loop, await connectReadOnly(db, { driver }));
      await trial.round([{ sender: 0, messages: PRELUDE }]);
      for (const round of rounds) await trial.round(round);
    }, { runs: RUNS, examples: EXAMPLES });
  });
}
