/**
 * Random histories of one file against a model: runs with arguments, with ids that are given or chosen, whose items come
 * and go, beside another program that writes over rows, deletes them and adds its own. Each task that a run has not done
 * runs once, and what is shown agrees with what the runs did.
 */
import fc from "fast-check";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { Reader } from "../../dashboard/server/reader.ts";
import { getRun } from "../../dashboard/server/queries/runs.ts";
import { listTasks } from "../../dashboard/server/queries/tasks.ts";
import { noCounts, TASK_STATUSES, type TaskStatus } from "../../internal/task_status.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { another, original } from "../support/original.ts";
import { check } from "../support/property.ts";
import { readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Histories in the suite. */
const HISTORIES = 20;

/** What another program does to the rows of some ids. */
interface Foreign {
  what: "done" | "error" | "running" | "odd" | "name" | "delete" | "replace";
  ids: number[];
}

/** A run of some items, named by their numbers; `fails` are those that fail. */
interface Command {
  day: string;
  items: number[];
  fails: number[];
  resume: boolean;
  chooses: boolean;
  /** What another program does while the first task runs, and afterwards. */
  during: Foreign[];
  after: Foreign[];
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
const words = ["done", "error", "running", "odd", "name"] as const;
const during: fc.Arbitrary<Foreign> = fc.record({ what: fc.constantFrom(...words), ids });
const after: fc.Arbitrary<Foreign> = fc.record({
  what: fc.constantFrom(...words, "delete", "replace"),
  ids,
});
const numbers = fc.subarray([1, 2, 3, 4, 5, 6], { minLength: 1 });
const history: fc.Arbitrary<Command[]> = fc.array(
  fc.record({
    day: fc.constantFrom("1", "1", "1", "2"),
    items: fc.oneof(numbers, fc.constant<number[]>([1, 2, 3, 4, 5, 6]), fc.constant<number[]>([])),
    fails: numbers,
    resume: fc.constantFrom(true, true, true, false),
    chooses: fc.constantFrom(false, false, true),
    during: fc.array(during, { maxLength: 1 }),
    after: fc.array(after, { maxLength: 2 }),
  }),
  { minLength: 2, maxLength: 6, size: "max" },
);

interface Item {
  key: string;
  id: number;
}

/** A row of `task_runs`. */
interface Row {
  /** Its run; `null` for the other program's. */
  run: ModelRun | null;
  key: string | null;
  own: TaskStatus | null;
  status: string;
  rewrittenAs: string | null;
}

/** A row of `pipeline_runs`. */
interface ModelRun {
  id: number;
  day: string;
  status: "done" | "error";
  /** Its tasks as it knows them: those that were deleted are among them. */
  tasks: number;
  deleted: Record<TaskStatus, number>;
  rewritten: number;
  removed: number;
}

/** What the file should hold. */
class Model {
  readonly rows = new Map<number, Row>();
  readonly runs: ModelRun[] = [];

  rowsOf(run: ModelRun): [id: number, row: Row][] {
    return [...this.rows].filter(([, row]) => row.run === run).sort(([a], [b]) => a - b);
  }

  foreign({ what, ids }: Foreign): void {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (what === "name") continue;
      if (what === "delete" || what === "replace") {
        if (row?.run) row.run.deleted[row.own!]++;
        this.rows.delete(id);
      }
      if (what === "delete") continue;
      const status = what === "odd" ? "paused" : what === "replace" ? "done" : what;
      if (this.rows.has(id)) row!.status = status;
      else if (what !== "odd") {
        this.rows.set(id, { run: null, key: null, own: null, status, rewrittenAs: null });
      }
    }
  }

  /** The run that is resumed, whose rows are its own again. */
  resumed({ day, resume }: Command): ModelRun | undefined {
    const run = this.runs.findLast((run) => run.day === day);
    if (!resume || !run || run.status === "done") return undefined;
    for (const [, row] of this.rowsOf(run)) {
      if (row.own === row.status) continue;
      run.rewritten++;
      row.rewrittenAs = row.status;
      row.status = row.own!;
    }
    run.removed += TASK_STATUSES.reduce((sum, status) => sum + run.deleted[status], 0);
    run.deleted = noCounts();
    return run;
  }
}

/** Lets another program write. */
async function write(db: string, { what, ids }: Foreign): Promise<void> {
  if (what === "done" || what === "error" || what === "running") {
    return await original(db, ids, what);
  }
  const sql = {
    odd: "UPDATE task_runs SET status='paused' WHERE id=?",
    name: "UPDATE task_runs SET name='theirs', progress=0.1, message='theirs' WHERE id=?",
    delete: "DELETE FROM task_runs WHERE id=?",
    replace: "INSERT OR REPLACE INTO task_runs (id, name, status) VALUES (?, 'theirs', 'done')",
  }[what];
  await another(db, ids.map((id) => [sql, id]));
}

/** Runs a command, and brings the model to where it should lead. */
async function perform(command: Command, { writer, db, model, base }: {
  writer: SqliteWriter;
  db: string;
  model: Model;
  /** Chosen ids are past this one. */
  base: number;
}): Promise<void> {
  const { day, items, fails, chooses, during, after } = command;
  const resumed = model.resumed(command);
  const before = new Map(resumed ? model.rowsOf(resumed).map(([id, row]) => [row.key, id]) : []);
  const isDone = (n: number) => model.rows.get(before.get(`k${n}`) ?? 0)?.own === "done";
  const expected = items.filter((n) => !isDone(n)).map((n) => `k${n}`);

  const ran: string[] = [];
  const report = await runPipeline(items.map((n): Item => ({ key: `k${n}`, id: n })), {
    db: writer,
    name: "nightly",
    args: { day },
    resume: command.resume,
    workers: 1,
    ...(chooses ? { taskId: ({ id }: Item) => base + id } : {}),
    async run({ key, id }, task) {
      ran.push(key);
      if (ran.length === 1) {
        await task.flush();
        for (const foreign of during) await write(db, foreign);
      }
      if (fails.includes(id)) throw new Error("It fails");
    },
  });
  assertEquals(ran, expected);

  const run = resumed ?? {
    ...{ id: report.runId!, day, status: "done", tasks: 0, deleted: noCounts() } as const,
    ...{ rewritten: 0, removed: 0 },
  };
  if (!resumed) model.runs.push(run);
  assertEquals(report.runId, run.id);
  // New tasks have ids that were free, or those that were chosen.
  const found = await readRows(db, `SELECT id, key FROM task_runs WHERE run_id=${run.id}`);
  const idOf = new Map(found.map(({ id, key }) => [key as string, id as number]));
  for (const n of items.filter((n) => !before.has(`k${n}`))) {
    const id = idOf.get(`k${n}`)!;
    assert(!model.rows.has(id), `task ${id} was there`);
    if (chooses) assertEquals(id, base + n);
    model.rows.set(id, { run, key: `k${n}`, own: "queued", status: "queued", rewrittenAs: null });
  }
  if (ran.length > 0) during.forEach((foreign) => model.foreign(foreign));
  const end = (key: string, status: TaskStatus) => {
    const row = model.rows.get(idOf.get(key)!)!;
    const rewrittenAs = ran.includes(key) ? null : row.rewrittenAs;
    Object.assign(row, { own: status, status, rewrittenAs });
  };
  for (const n of items) {
    if (ran.includes(`k${n}`)) end(`k${n}`, fails.includes(n) ? "error" : "done");
  }
  for (const [, { key, own }] of model.rowsOf(run)) {
    if (own !== "done" && !items.includes(Number(key!.slice(1)))) end(key!, "cancelled");
  }
  run.status = items.some((n) => ran.includes(`k${n}`) && fails.includes(n)) ? "error" : "done";
  assertEquals(report.status, run.status);

  for (const foreign of after) {
    await write(db, foreign);
    model.foreign(foreign);
  }
}

/** Whether everything that reads the file agrees with the model. */
async function compare(reader: Reader, model: Model): Promise<void> {
  const { path } = reader.connection;
  const runs = "SELECT id, args, status FROM pipeline_runs ORDER BY id";
  assertEquals(
    await readValues(path, runs),
    model.runs.map(({ id, day, status }) => [id, `{"day":"${day}"}`, status]),
  );
  assertEquals(
    await readValues(path, "SELECT id, status FROM task_runs ORDER BY id"),
    [...model.rows].sort(([a], [b]) => a - b).map(([id, { status }]) => [id, status]),
  );
  const list = (run: number, status: TaskStatus[] = []) =>
    listTasks((query) => query(reader), run, { status, q: "", key: "", sort: "id", limit: 200 });
  for (const run of model.runs) {
    const rows = model.rowsOf(run);
    const counts = { ...run.deleted };
    for (const [, { own }] of rows) counts[own!]++;
    const rewritten = run.rewritten + rows.filter(([, row]) => row.own !== row.status).length;
    const shown = getRun(reader, run.id)!;
    assertEquals(
      { counts: shown.counts, rewritten: shown.rewritten, removed: shown.removed },
      { counts, rewritten, removed: run.removed },
    );
    assertEquals(
      (await list(run.id))!.tasks.map((
        { id, key, status, rewritten },
      ) => [id, key, status, rewritten]),
      rows.map(([id, row]) => {
        return [id, row.key, row.own, row.own === row.status ? row.rewrittenAs : row.status];
      }),
    );
    for (const status of TASK_STATUSES) {
      assertEquals(
        (await list(run.id, [status]))!.tasks.length,
        rows.filter(([, { own }]) => own === status).length,
      );
    }
  }
}

Deno.test("runs and another program in one file leave what a model does", async () => {
  await check(history, async (commands) => {
    using folder = tempFolder();
    const db = folder.file("model.db");
    await using writer = await SqliteWriter.open({ db });
    using reader = await Reader.open(db, "auto");
    const model = new Model();
    for (const [i, command] of commands.entries()) {
      await perform(command, { writer, db, model, base: 1_000 * (i + 1) });
      await compare(reader, model);
    }
  }, { runs: HISTORIES });
});
