import {
  ArgumentsError,
  type ArgumentsValidator,
  definePipeline,
  runDefinition,
  type RunDefinitionOptions,
  runPipeline,
  SqliteWriter,
} from "../../mod.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const SCHEMA = `-- Visits; and what is counted
  CREATE TABLE IF NOT EXISTS visit (day TEXT, page TEXT);
  CREATE TABLE IF NOT EXISTS counted (n INTEGER);
  CREATE TRIGGER IF NOT EXISTS count_visits AFTER INSERT ON visit BEGIN
    INSERT INTO counted VALUES (1);
  END; -- the end`;

const day: ArgumentsValidator<{ day: string }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      const { day = "monday" } = value as { day?: string };
      return day === "never"
        ? { issues: [{ message: "There is no such day" }] }
        : { value: { day } };
    },
  },
};

const visits = definePipeline({
  name: "visits",
  args: day,
  label: ({ day }) => `on ${day}`,
  schema: () => SCHEMA,
  synchronous: "full",
  items: ({ day }) => [`${day} home`, `${day} about`],
  run: (page, task) => task.insert("visit", [[task.args.day as string, page]]),
});

Deno.test("runDefinition() runs a definition for its arguments, in the database that it is given", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const first = await runDefinition(visits, { db });
  assertEquals([first.name, first.label, first.args, first.counts.done], [
    "visits",
    "on monday",
    { day: "monday" },
    2,
  ]);
  await runDefinition(visits, { db, args: { day: "friday" }, workers: 1, driver: undefined });
  assertEquals(await readValues(db, "SELECT page FROM visit ORDER BY 1"), [
    ["friday about"],
    ["friday home"],
    ["monday about"],
    ["monday home"],
  ]);
  const again = await runDefinition(visits, { db, args: { day: "friday" }, resume: 2 });
  assertEquals([again.runId, again.counts.done], [2, 2]);
  await assertRejects(
    () => runDefinition(visits, { db, args: { day: "never" } }),
    ArgumentsError,
    "There is no such day",
  );
});

Deno.test("runDefinition() runs the schema through a writer that is open, all of it or none", async () => {
  for (const driver of DRIVERS) {
    await using writer = await SqliteWriter.open({ db: ":memory:", driver });
    for (const day of ["monday", "friday"]) {
      const report = await runDefinition(visits, { db: writer, args: { day } });
      assertEquals([report.status, report.label], ["done", `on ${day}`]);
    }
    assertEquals(await writer.query("SELECT count(*) AS n FROM counted"), [{ n: 4 }]);
    for (const wrong of ["CREATE TABLE half (n); CREATE TABL", "CREATE TABLE half (n); COMMIT"]) {
      const broken = { ...visits, schema: wrong };
      await assertRejects(() => runDefinition(broken, { db: writer }), Error);
    }
    const found = await writer.query("SELECT name FROM sqlite_schema WHERE name='half'");
    assertEquals(found, []);
  }
});

Deno.test("runDefinition() stops with either signal, and refuses options that it does not know", async () => {
  const stopped = AbortSignal.abort();
  const endless = definePipeline({ name: "endless", items: [1], run: () => {} });
  const db = ":memory:";
  assertEquals((await runDefinition(endless, { db, signal: stopped })).status, "cancelled");
  assertEquals((await runDefinition({ ...endless, signal: stopped }, { db })).status, "cancelled");
  const wrong = { db, retrys: 2 } as RunDefinitionOptions;
  await assertRejects(() => runDefinition(endless, wrong), TypeError, "retrys");
  for (const other of [null, () => {}, { name: "endless" }] as never[]) {
    await assertRejects(
      () => runDefinition(other, { db }),
      TypeError,
      "what definePipeline returns",
    );
  }
  for (const args of ["day=1", [1], null] as never[]) {
    await assertRejects(() => runDefinition(endless, { db, args }), TypeError, "for args, got");
  }
});

Deno.test("a definition fits runPipeline(), with items of the program's own", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  const { synchronous: _, ...rest } = visits;
  const report = await runPipeline(["a"], { ...rest, db: writer });
  assertEquals([report.status, report.name, report.label], ["done", "visits", "on undefined"]);
  const plain = definePipeline({
    args: { day: "sunday" },
    label: ({ day }) => `on ${day}`,
    schedule: "0 2 * * *",
    items: ["x"],
    run: (page) => page,
  });
  const own = await runPipeline(plain.items as string[], { ...plain, db: ":memory:" });
  assertEquals([own.status, own.label, own.args], ["done", "on sunday", { day: "sunday" }]);
});
