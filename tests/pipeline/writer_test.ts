import {
  type PipelineOptions,
  runPipeline,
  SqliteError,
  SqliteWriter,
  WriterClosedError,
} from "../../mod.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/tasks.ts", import.meta.url);
const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)";

Deno.test("pipelines share an open writer at the same time, and it stays open", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db, schema });
  const pipeline = (name: string) =>
    runPipeline(Array.from({ length: 300 }, (_, i) => i), {
      db: writer,
      name,
      async run(n, task) {
        await task.insert("row", [[task.id, n === 7 && name === "left" ? null : name]]);
      },
    });
  const pooled = runPipeline(["fine", "throw"], { db: writer, run: { module, export: "fail" } });
  const reports = await Promise.all([pipeline("left"), pipeline("right"), pooled]);
  assertEquals(reports.map(({ counts }) => [counts.done, counts.error]), [[299, 1], [300, 0], [
    1,
    1,
  ]]);
  assertMatch(reports[0].failures[0]!.error.message, /NOT NULL/);
  assertEquals(reports.map(({ checkpoint }) => checkpoint), [undefined, undefined, undefined]);
  await writer.insert("row", [[0, "still open"]]);
  assertEquals(
    await readValues(db, "SELECT text, count(*) FROM row GROUP BY 1 ORDER BY 1"),
    [["fine", 1], ["left", 299], ["right", 300], ["still open", 1], ["throw", 1]],
  );
  const counts = "SELECT done, error, queued + running FROM pipeline_runs ORDER BY done";
  assertEquals(await readValues(db, counts), [[1, 1, 0], [299, 1, 0], [300, 0, 0]]);
});

Deno.test("a pipeline keeps status as the open writer does", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db, schema, storeTaskStatus: false });
  const report = await runPipeline([1], {
    db: writer,
    run: (_, task) => task.insert("row", [[task.id, "x"]]),
  });
  assertEquals([report.runId, report.counts.done], [null, 1]);
  assertEquals(await readValues(db, "SELECT name FROM sqlite_schema"), [["row"]]);
});

Deno.test("a pipeline refuses options that belong to an open writer", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  for (
    const option of [
      { wal: false },
      { driver: "builtin" },
      { statements: {} },
      { walWarnBytes: 1 },
      { synchronous: "full" },
    ]
  ) {
    const options = { db: writer, run: () => {}, ...option } as PipelineOptions<number>;
    await assertRejects(
      () => runPipeline([1], options),
      TypeError,
      "belongs to the writer, which is open",
    );
  }
});

Deno.test("a pipeline rejects when its writer is closed, before or meanwhile", async () => {
  using folder = tempFolder();
  const writer = await SqliteWriter.open({ db: folder.file("a.db"), schema });
  let after: unknown;
  await assertRejects(
    () =>
      runPipeline([1, 2], {
        db: writer,
        workers: 1,
        async run(_, task) {
          await task.insert("row", [[task.id, "before"]]);
          await writer.close();
          await task.insert("row", [[task.id, "after"]]).catch((error) => after = error);
        },
      }),
    WriterClosedError,
  );
  assertEquals(after instanceof WriterClosedError, true);
  await assertRejects(() => runPipeline([1], { db: writer, run: () => {} }), WriterClosedError);
});

Deno.test("a pooled pipeline ends when its writer is closed meanwhile", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const writer = await SqliteWriter.open({ db, schema });
  const running = runPipeline(["heeds", "heeds"], {
    db: writer,
    workers: 2,
    run: { module, export: "untilAborted" },
  });
  const rejected = assertRejects(() => running, WriterClosedError);
  while ((await readValues(db, "SELECT id FROM task_logs")).length < 2);
  await writer.close();
  await rejected;
});

Deno.test("a writer that ends after its pipeline does not hide why that failed", async () => {
  using folder = tempFolder();
  const db = folder.file("gone/a.db");
  const remove = () => Deno.removeSync(folder.file("gone"), { recursive: true });
  let left: SqliteWriter | undefined;
  const error = await assertRejects(async () => {
    await using writer = left = await SqliteWriter.open({ db });
    await runPipeline([1], { db: writer, run: remove });
  }, SqliteError);
  assertEquals(error.code, "moved");
  // The caller that closes it gets the error, and so does the caller that ends it without a pipeline that was.
  await assertRejects(() => left!.close(), SqliteError, "was removed or moved");
  await assertRejects(
    async () => {
      await using _ = await SqliteWriter.open({ db });
      remove();
    },
    SqliteError,
    "was removed or moved",
  );
});
