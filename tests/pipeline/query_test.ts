import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

const schema = `CREATE TABLE city (name TEXT PRIMARY KEY, size INTEGER, "returning" TEXT)`;
const POOL = { module: new URL("../fixtures/query_task.ts", import.meta.url), export: "load" };

for (const driver of DRIVERS) {
  Deno.test(`query() reads what is committed, whether the task is atomic or not (${driver})`, async () => {
    for (const atomic of [false, true]) {
      const { failures } = await runPipeline([1, 2], {
        db: ":memory:",
        driver,
        schema: [schema, "INSERT INTO city (name, size) VALUES ('Oslo', 1)"],
        atomic,
        workers: 1,
        async run(item, task) {
          // Not awaited: what was sent before is committed first.
          void task.insert("city", [{ name: `city ${item}`, size: item }]);
          const rows = await task.query(
            "SELECT name, size FROM city WHERE size >= ? ORDER BY name",
            [1],
          );
          const own = atomic ? [] : [{ name: `city ${item}`, size: item }];
          const before = item === 2 ? [{ name: "city 1", size: 1 }] : [];
          assertEquals(rows.map((row) => ({ ...row })), [
            { name: "Oslo", size: 1 },
            ...before,
            ...own,
          ]);
          assertEquals(await task.query("SELECT 1 AS n WHERE 0"), []);
        },
      });
      assertEquals(failures, []);
    }
  });

  Deno.test(`query() refuses what writes, and what returns no rows (${driver})`, async () => {
    await using writer = await SqliteWriter.open({ db: ":memory:", driver, schema });
    for (
      const [sql, text] of [
        [
          "INSERT INTO city VALUES ('a', 1, '') RETURNING name",
          "it writes, and a query only reads",
        ],
        [
          "WITH a AS (SELECT 1) DELETE FROM city RETURNING name",
          "it writes, and a query only reads",
        ],
        ["INSERT INTO city VALUES ('a', 1, '')", "it returns no rows. Use execute"],
        ["CREATE TABLE other (a)", "it returns no rows. Use execute"],
        ["BEGIN", "transactions are the writer's"],
        ["PRAGMA query_only=OFF", "Cannot execute PRAGMA query_only"],
        ["SELECT missing", "o such column"],
        ["SELECT ?", "Cannot bind 0 values"],
        ["SELECT 1; SELECT 2", "more than one statement"],
      ] as const
    ) {
      const { message } = await assertRejects(() => writer.query(sql), Error);
      assertStringIncludes(message, text);
    }
    await assertRejects(() => writer.query(7 as unknown as string), TypeError, "for sql, got 7");
    assertEquals((await writer.query("SELECT count(*) AS n FROM city"))[0]!.n, 0);
    // The writer writes on.
    await writer.execute("INSERT INTO city VALUES ('a', 1, '')");
    assertEquals((await writer.query("SELECT name FROM city")).map(({ name }) => name), ["a"]);
    assertEquals((await writer.query("PRAGMA table_info(city)")).length, 3);
  });
}

Deno.test("query() of a pooled task goes through the writer", async () => {
  using folder = tempFolder();
  const report = await runPipeline([1, 2, 3], { db: folder.file("a.db"), schema, run: POOL });
  assertEquals(report.failures, []);
  await using writer = await SqliteWriter.open({ db: folder.file("a.db") });
  const sizes = await writer.query("SELECT size FROM city ORDER BY name");
  assertEquals(sizes.map(({ size }) => size), [1, 1, 1]);
});

Deno.test("an atomic task's statement that returns rows is refused, and query is named", async () => {
  const base = { db: ":memory:", schema, atomic: true };
  for (
    const sql of [
      "SELECT name FROM city",
      "; -- all\n select 1",
      "VALUES (1)",
      "EXPLAIN QUERY PLAN SELECT 1",
      "WITH a AS (SELECT 1 AS n) SELECT n FROM a",
      "WITH a AS (SELECT 1) INSERT INTO city (size) SELECT 1 FROM a RETURNING *",
      "INSERT INTO city (name) VALUES ('a') RETURNING name",
      "UPDATE city SET size=1 WHERE name='x' RETURNING (size)",
    ]
  ) {
    const refusals: string[] = [];
    const { failures } = await runPipeline([1], {
      ...base,
      async run(_, task) {
        const refused = (sent: Promise<unknown>) => sent.then(() => "", ({ message }) => message);
        refusals.push(await refused(task.execute(sql)));
        refusals.push(await refused(task.transaction([{ sql: "DELETE FROM city" }, { sql }])));
      },
    });
    assertEquals(failures, []);
    for (const refusal of refusals) {
      assertStringIncludes(refusal, "it returns rows");
      assertStringIncludes(refusal, "query(sql, params)");
    }
  }
  // What the text does not show is refused when it is executed.
  const late = await runPipeline<"alone" | "sql" | "named">(["alone", "sql", "named"], {
    ...base,
    statements: { version: "PRAGMA user_version" },
    async run(form, task) {
      if (form === "alone") await task.execute("PRAGMA user_version");
      else if (form === "sql") await task.transaction([{ sql: "PRAGMA user_version" }]);
      else await task.transaction([{ statement: "version" }]);
    },
  });
  assertEquals(late.failures.length, 3);
  for (const { error } of late.failures) assertStringIncludes(error.message, "query(sql, params)");
  const { failures } = await runPipeline([1], {
    ...base,
    async run(_, task) {
      for (
        const sql of [
          `INSERT INTO city ("returning", name) VALUES ('returning', 'a')`,
          `UPDATE city SET "returning" = 'b', size = 1 WHERE [returning] = 'returning'`,
          `UPDATE city SET size = size -- returning *\n WHERE name = (SELECT 'returning')`,
          "DELETE FROM city WHERE size IN (SELECT 5)",
        ]
      ) {
        assert((await task.execute(sql)) === undefined);
      }
    },
  });
  assertEquals(failures, []);
});
