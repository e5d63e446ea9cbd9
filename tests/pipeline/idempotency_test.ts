/**
 * Keys of inserts in whole pipelines: what is sent again is there once.
 *
 * @module
 */
import { runPipeline, SqliteWriter, type TaskContext } from "../../mod.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, n INTEGER)";
const ROWS = "SELECT task, count(*), count(DISTINCT n) FROM row GROUP BY task ORDER BY task";

/** Rows as a stream gives them. */
function* upTo(task: number, end: number): Generator<[number, number]> {
  for (let n = 0; n < end; n++) yield [task, n];
}

Deno.test("task.insert() writes rows under a key once over all attempts, atomic or not", async () => {
  using folder = tempFolder();
  for (const atomic of [false, true]) {
    const db = folder.file(`${atomic}.db`);
    const report = await runPipeline([1, 2], {
      db,
      schema,
      atomic,
      retries: 3,
      retryDelayMs: 0,
      async run(_, task) {
        // The tasks use the same keys.
        await task.insert("row", [...upTo(task.id, 10)], { idempotencyKey: "array" });
        await task.insert("row", [[task.id, 10 + task.attempt]]);
        await task.flush();
        await task.insert(
          "row",
          upTo(task.id, 100).map(([id, n]) => [id, n + 100]),
          { idempotencyKey: "stream" },
        );
        if (task.attempt < 3) throw new Error("Not yet");
      },
    });
    assertEquals(report.status, "done");
    // The rows without a key are there as often as they were committed.
    const rows = atomic ? 111 : 113;
    assertEquals(await readValues(db, ROWS), [[1, rows, rows], [2, rows, rows]]);
  }
});

Deno.test("task.insert() continues in the middle of a stream that has a key", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline([1], {
    db,
    schema,
    retries: 2,
    retryDelayMs: 0,
    async run(_, task) {
      const rows = function* () {
        for (const row of upTo(task.id, 4_500)) {
          if (task.attempt === 1 && row[1] === 2_600) throw new Error("The source broke off");
          yield row;
        }
      };
      await task.insert("row", rows(), { idempotencyKey: "all" });
      if (task.attempt === 2) throw new Error("And then this");
    },
  });
  assertEquals(report.status, "done");
  assertEquals(await readValues(db, ROWS), [[1, 4_500, 4_500]]);
  assertEquals(
    await readValues(db, "SELECT key, part, task_id, run_id FROM idempotency_keys"),
    [0, 1, 2, 3, 4].map((part) => ["all", part, 1, 1]),
  );
});

Deno.test("task.transaction() does its steps under a key once over all attempts", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const seen: unknown[] = [];
  await runPipeline([1], {
    db,
    schema: [schema, "INSERT INTO row VALUES (1, 0)"],
    retries: 2,
    retryDelayMs: 0,
    async run(_, task) {
      const steps = [{ sql: "UPDATE row SET n = n + 1" }];
      const done = await task.transaction(steps, { idempotencyKey: "count" });
      seen.push(done?.map((step) => step?.changes));
      if (task.attempt < 3) throw new Error("Not yet");
    },
  });
  assertEquals(await readValues(db, "SELECT n FROM row"), [[1]]);
  assertEquals(seen, [[1], [undefined], [undefined]]);
});

Deno.test("a run that is resumed writes under its keys once, the next run again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let fails = true;
  const options = {
    db,
    schema,
    resume: true,
    async run({ key }: { key: string }, task: TaskContext) {
      for (let page = 0; page < 3; page++) {
        await task.insert("row", [[task.id, page]], { idempotencyKey: `page ${page}` });
        if (fails && key === "b" && page === 1) throw new Error("Not yet");
      }
    },
  };
  const items = [{ key: "a" }, { key: "b" }];
  assertEquals((await runPipeline(items, options)).counts.error, 1);
  assertEquals(await readValues(db, ROWS), [[1, 3, 3], [2, 2, 2]]);
  fails = false;
  assertEquals((await runPipeline(items, options)).runId, 1);
  assertEquals(await readValues(db, ROWS), [[1, 3, 3], [2, 3, 3]]);
  // Tomorrow.
  assertEquals((await runPipeline(items, options)).runId, 2);
  assertEquals(await readValues(db, ROWS), [[1, 3, 3], [2, 3, 3], [3, 3, 3], [4, 3, 3]]);
});

Deno.test("a row that is refused leaves no key, so that the next attempt writes it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([1], {
    db,
    schema: "CREATE TABLE row (task INTEGER, n INTEGER CHECK (n < 10))",
    retries: 1,
    retryDelayMs: 0,
    async run(_, task) {
      await task.insert("row", [[task.id, 1], [task.id, task.attempt === 1 ? 99 : 2]], {
        idempotencyKey: "rows",
      });
    },
  });
  assertEquals(await readValues(db, ROWS), [[1, 2, 2]]);
});

Deno.test("SqliteWriter keeps its keys for the file, over closing it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (let i = 0; i < 2; i++) {
    await using writer = await SqliteWriter.open({ db, schema });
    assertEquals(await writer.insert("row", [[0, 1]], { idempotencyKey: "one" }), 1);
    await Promise.all([
      writer.insert("row", upTo(0, 2_500), { idempotencyKey: "stream" }),
      writer.insert("row", upTo(0, 2_500), { idempotencyKey: "stream" }),
      writer.send({ table: "row", rows: [[1, 1]], idempotencyKey: "sent" }),
    ]);
    const steps = [{ sql: "UPDATE row SET n = n + 1 WHERE task = 1" }];
    const [done] = await writer.transaction(steps, { idempotencyKey: "update" });
    assertEquals(done?.changes, i === 0 ? 1 : undefined);
  }
  assertEquals(await readValues(db, "SELECT task, count(*), max(n) FROM row GROUP BY 1"), [
    [0, 2_501, 2_499],
    [1, 1, 2],
  ]);
});

Deno.test("a key is refused where no table keeps it, and rows without one are written", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options = { idempotencyKey: "page 1" };
  const text = /"page 1" without storeTaskStatus: the keys are kept in idempotency_keys/;
  {
    await using writer = await SqliteWriter.open({ db, schema, storeTaskStatus: false });
    for (
      const refused of [
        () => writer.insert("row", [[1, 1]], options),
        () => writer.insert("row", upTo(1, 5), options),
        () => writer.send({ table: "row", rows: [[1, 1]], ...options }),
        () => writer.transaction([{ sql: "DELETE FROM row" }], options),
        () => writer.transaction([{ table: "row", rows: [[1, 1]], ...options }]),
      ]
    ) {
      assertMatch((await assertRejects(refused, TypeError)).message, text);
    }
  }
  const report = await runPipeline(["array", "stream", "transaction", "none"], {
    db,
    storeTaskStatus: false,
    async run(kind, task) {
      if (kind === "array") await task.insert("row", [[1, 1]], options);
      if (kind === "stream") await task.insert("row", upTo(1, 5), options);
      if (kind === "transaction") await task.transaction([{ sql: "DELETE FROM row" }], options);
      await task.insert("row", [[task.id, 7]]);
    },
  });
  assertEquals([report.counts.error, report.counts.done], [3, 1]);
  for (const { error } of report.failures) assertMatch(error.message, text);
  assertEquals(await readValues(db, "SELECT task, n FROM row"), [[4, 7]]);
  const ours = "SELECT name FROM sqlite_schema WHERE name LIKE '%idempotency%'";
  assertEquals(await readValues(db, ours), []);
});
