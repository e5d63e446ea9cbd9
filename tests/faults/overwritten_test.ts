/**
 * A database that is overwritten or truncated in place while a pipeline writes to it.
 *
 * @module
 */
import { backup } from "../../db.ts";
import { runPipeline, SqliteError, SqliteWriter } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

/** Writes bytes into a file that keeps its inode, as `cp` does, in a process of its own. */
async function overwrite(db: string, from?: string): Promise<void> {
  const args = from ? [from, db] : ["--size=0", db];
  const { success } = await new Deno.Command(from ? "cp" : "truncate", { args }).output();
  assert(success);
}

for (const driver of DRIVERS) {
  for (const fault of ["overwritten", "truncated"] as const) {
    for (const rows of [10, 2_000]) {
      Deno.test({
        name: `${driver}: a run of ${rows} rows whose file is ${fault} does not end as done`,
        ignore: Deno.build.os === "windows",
        async fn() {
          using folder = tempFolder();
          const db = folder.file("etl.db");
          const schema = "CREATE TABLE IF NOT EXISTS mine (n INTEGER, text TEXT)";
          await runPipeline([1], { db, driver, schema, run: () => {} });
          await backup(db, folder.file("backup.db"), { driver });
          const row = (n: number) => ({ n, text: "x".repeat(500) });
          await using writer = await SqliteWriter.open({ db, driver });
          const running = runPipeline([1, 2, 3], {
            db: writer,
            workers: 1,
            async run(n, task) {
              await task.insert("mine", Array.from({ length: rows }, (_, i) => row(i)));
              await task.flush();
              if (n !== 1) return;
              // Now the rows are in the file itself.
              await writer.checkpoint();
              await overwrite(db, fault === "overwritten" ? folder.file("backup.db") : undefined);
            },
          });
          const error = await assertRejects(() => running, SqliteError);
          assertEquals(error.code, "corrupt", error.message);
          assertStringIncludes(error.message, "etl.db");
          await writer.close().catch(() => {});
        },
      });
    }
  }

  Deno.test(`${driver}: a file that SQLite itself makes shorter is trusted`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const schema = "CREATE TABLE mine (text TEXT)";
    await using writer = await SqliteWriter.open({ db, driver, schema });
    for (let i = 0; i < 20; i++) {
      await writer.insert("mine", Array.from({ length: 500 }, () => ["x".repeat(1_000)]));
    }
    await writer.checkpoint();
    await writer.execute("DELETE FROM mine");
    const shell = `sqlite3 ${db} VACUUM`;
    await new Deno.Command("sh", { args: ["-c", shell] }).output();
    await writer.insert("mine", [["after"]]);
    await writer.checkpoint();
    const report = await runPipeline([1], { db: writer, run: () => {} });
    assertEquals(report.status, "done");
  });
}
