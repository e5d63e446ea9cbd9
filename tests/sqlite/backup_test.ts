import { backup, connect, connectReadOnly } from "../../db.ts";
import { SqliteWriter } from "../../mod.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { runChild } from "../support/child.ts";
import { DRIVERS } from "../support/drivers.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

for (const driver of DRIVERS) {
  Deno.test(`${driver}: backup() copies one commit, under a full load of writes`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using writer = await SqliteWriter.open({
      db,
      driver,
      schema: `CREATE TABLE a (n INTEGER PRIMARY KEY, text TEXT);
        CREATE TABLE b (n INTEGER PRIMARY KEY, text TEXT)`,
    });
    const text = "x".repeat(200);
    let n = 0;
    const commit = () => {
      const rows = Array.from({ length: 500 }, () => [++n, text]);
      return writer.transaction([{ table: "a", rows }, { table: "b", rows }]);
    };
    while (n < 50_000) await commit();

    let copying = true;
    let commits = 0;
    const load = (async () => {
      while (copying) {
        await commit();
        commits++;
      }
    })();
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = commits;
      const copy = folder.file(`copies/${i}.db`);
      await backup(db, copy, { driver });
      assertEquals(await readValues(copy, "PRAGMA integrity_check"), [["ok"]]);
      const [[a, b, last]] = await readValues(
        copy,
        "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT max(n) FROM a)",
      ) as [[number, number, number]];
      // Both tables, whole transactions, nothing missing before the last.
      assertEquals([b, last, a % 500], [a, a, 0]);
      counts.push(a);
      // The writer continues between two copies.
      while (commits === before) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    copying = false;
    await load;
    assert(counts[4]! > counts[0]!, `The copies hold ${counts} rows`);
    const files = [...Deno.readDirSync(folder.file("copies"))].map(({ name }) => name);
    // Those who read it leave a -shm beside it.
    assertEquals(files.filter((name) => name.endsWith(".db")).length, 5, `${files}`);
    assertEquals(files.filter((name) => name.includes("partial")), []);
  });

  Deno.test(`${driver}: backup() overwrites nothing and leaves nothing half done`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    using connection = await connect(db, { driver });
    connection.exec("CREATE TABLE a (n INTEGER)");
    const there = folder.file("there.db");
    Deno.writeTextFileSync(there, "");
    await assertRejects(() => backup(db, there, { driver }), Error, `Cannot copy into ${there}`);
    assertEquals(Deno.readTextFileSync(there), "");
    await assertRejects(() => backup(db, db, { driver }), Error, "there is such a file");
    await assertRejects(() => backup(db, ":memory:", { driver }), TypeError, ":memory:");
    const missing = folder.file("missing.db");
    await assertRejects(() => backup(missing, folder.file("c.db")), Error, "no such file");
    const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    assertEquals(left.filter((name) => !name.startsWith("a.db")), ["there.db"]);
  });
}

Deno.test("backup() needs no more than the two folders", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  using connection = await connect(db);
  connection.exec("CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (7)");
  const copy = folder.file("copy.db");
  const module = JSON.stringify(new URL("../../db.ts", import.meta.url).href);
  const script = `import { backup } from ${module};
    await backup(${JSON.stringify(db)}, ${JSON.stringify(copy)});
    console.log(JSON.stringify("copied"));`;
  const flags = [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  assertEquals(await runChild(script, { flags }), "copied");
  using reader = await connectReadOnly(copy);
  assertEquals(reader.prepare("SELECT n FROM a").get()!.n, 7);
});
