import { connectReadOnly } from "../../db.ts";
import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)";
const TASKS = "SELECT id, status, progress FROM task_runs ORDER BY id";
const ROWS = "SELECT task, text FROM row ORDER BY rowid";

Deno.test("an atomic task's rows stay unseen until it is done", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (const atomic of [true, false]) {
    await runPipeline([1], {
      db,
      schema: [schema, "DELETE FROM row"],
      atomic,
      async run(_, task) {
        await task.insert("row", [[1, "array"]]);
        await task.insert("row", [[1, "stream"]].values());
        await task.execute("INSERT INTO row VALUES (1, 'SQL')");
        await task.transaction([{ table: "row", rows: [[1, "step"]] }]);
        task.progress(0.5);
        await task.flush();
        assertEquals((await readValues(db, ROWS)).length, atomic ? 0 : 4);
        const running = "SELECT status, progress FROM task_runs ORDER BY id DESC LIMIT 1";
        assertEquals(await readValues(db, running), [["running", 0.5]]);
      },
    });
    assertEquals(
      await readValues(db, ROWS),
      ["array", "stream", "SQL", "step"].map((text) => [1, text]),
    );
  }
  assertEquals(await readValues(db, TASKS), [[1, "done", 1], [2, "done", 1]]);
});

Deno.test("an atomic task's rows and its done are in one commit", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([], { db, schema, run: () => {} });
  using reader = await connectReadOnly(db);
  const version = reader.prepare("PRAGMA data_version");
  // Of each task the number of its rows, and whether it is done: one statement sees one commit.
  const halves = reader.prepare(
    `SELECT count(*) AS n FROM task_runs
     WHERE (status = 'done') <> ((SELECT count(*) FROM row WHERE task = task_runs.id) = 3)`,
  );
  const done = reader.prepare("SELECT count(*) AS n FROM task_runs WHERE status='done'");
  const seen = new Set<unknown>();
  let ended = false;
  const pipeline = runPipeline(Array.from({ length: 300 }, (_, i) => i), {
    db,
    atomic: true,
    workers: 4,
    async run(_, task) {
      for (let i = 0; i < 3; i++) await task.insert("row", [[task.id, `${i}`]]);
      // So that the tasks end in many commits.
      await task.flush();
    },
  }).finally(() => ended = true);
  let last: unknown;
  while (!ended) {
    const now = version.get()!.data_version;
    if (now !== last) {
      assertEquals(halves.get()!.n, 0);
      seen.add(done.get()!.n);
      last = now;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals((await pipeline).counts.done, 300);
  assert(seen.size > 3, `Only ${seen.size} states were seen`);
});

Deno.test("nothing of an atomic task that fails is written", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["throws", "refused", "caught", "fine"], {
    db,
    schema,
    atomic: true,
    workers: 1,
    async run(item, task) {
      task.progress(0.5);
      await task.insert("row", [[task.id, "before"]]);
      await task.execute("DELETE FROM row WHERE task <> ?", [task.id]);
      if (item === "throws") throw new Error("Thrown");
      if (item === "refused") await task.insert("row", [[task.id, null]]);
      if (item === "caught") await task.insert("row", [[() => {}]] as never).catch(() => {});
      return item;
    },
  });
  assertEquals([report.counts.done, report.counts.error], [2, 2]);
  assertEquals(await readValues(db, TASKS), [
    [1, "error", 0.5],
    [2, "error", 0.5],
    [3, "done", 1],
    [4, "done", 1],
  ]);
  assertEquals(await readValues(db, ROWS), [[4, "before"]]);
  const messages = report.failures.map(({ error }) => error.message);
  assertEquals(messages[0], "Thrown");
  assertMatch(messages[1]!, /NOT NULL constraint failed/);
});

Deno.test("rows that are not an iterable are refused, atomic or not", async () => {
  for (const atomic of [true, false]) {
    const { failures } = await runPipeline([{ text: "one row" }, null, 7], {
      db: ":memory:",
      schema,
      atomic,
      run: (rows, task) => task.insert("row", rows as never),
    });
    assertEquals(failures.map(({ error }) => error.message), [
      'Cannot insert into row: expected an array or iterable of rows for rows, got { text: "one row" }',
      "Cannot insert into row: expected an array or iterable of rows for rows, got null",
      "Cannot insert into row: expected an array or iterable of rows for rows, got 7",
    ]);
  }
});

Deno.test("an atomic task can replace its rows", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options: PipelineOptions<string> = {
    db,
    schema,
    atomic: true,
    async run(text, task) {
      assertEquals(
        await task.execute("DELETE FROM row WHERE text LIKE ? || '%'", [text]),
        undefined,
      );
      assertEquals(await task.transaction([{ sql: "DELETE FROM row WHERE 0" }]), undefined);
      await task.insert("row", Array.from({ length: 2_500 }, (_, i) => [i, text + i]));
    },
  };
  await runPipeline(["a", "b"], options);
  await runPipeline(["a", "b"], options);
  const counted = "SELECT substr(text, 1, 1), count(*) FROM row GROUP BY 1";
  assertEquals(await readValues(db, counted), [["a", 2_500], ["b", 2_500]]);
});

Deno.test("an atomic task's writes count even when it does not wait for them", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  async function* later() {
    for (let i = 0; i < 3; i++) yield await Promise.resolve([i, "later"]);
  }
  await runPipeline([1], {
    db,
    schema,
    atomic: true,
    run(_, task) {
      task.insert("row", later());
      task.insert("row", [[9, "now"]]);
    },
  });
  assertEquals((await readValues(db, ROWS)).length, 4);
});

Deno.test("atomic tasks are all or none without a status too, and in a pool", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const none = await runPipeline([1, null], {
    db,
    schema,
    atomic: true,
    storeTaskStatus: false,
    async run(n, task) {
      await task.insert("row", [[1, "unless refused"]]);
      await task.insert("row", [[2, n]]);
    },
  });
  assertEquals([none.counts.done, none.counts.error], [1, 1]);
  assertEquals(await readValues(db, ROWS), [[1, "unless refused"], [2, "1"]]);
  const module = new URL("../fixtures/tasks.ts", import.meta.url);
  const pooled = await runPipeline(["fine", "throw", "row"], {
    db,
    schema: [schema, "DELETE FROM row"],
    atomic: true,
    run: { module, export: "fail" },
  });
  assertEquals([pooled.counts.done, pooled.counts.error], [1, 2]);
  assertEquals(await readValues(db, ROWS), [[1, "fine"]]);
  assertEquals(await readValues(db, TASKS), [[1, "done", 1], [2, "error", 0.5], [3, "error", 0.5]]);
});

Deno.test("an atomic task that is refused at its commit stops the pipeline with failFast", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  function* endless() {
    for (let i = 0;; i++) yield i;
  }
  const report = await runPipeline(endless(), {
    db,
    schema,
    atomic: true,
    failFast: true,
    run: (n, task) => task.insert("row", [[task.id, n === 5 ? null : "text"]]),
  });
  assertEquals([report.status, report.counts.error], ["error", 1]);
  assertMatch(report.failures[0]!.error.message, /NOT NULL/);
  const { done, total } = report.counts;
  assertEquals(await readValues(db, "SELECT count(*) FROM row"), [[done]]);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_runs"), [[total]]);
});
