/**
 * A file that needs what only another program's connection has: a collation, a function, a module.
 *
 * @module
 */
import { connect, connectReadOnly } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";
import { runCli } from "../cli/cli_terminal.ts";

/** What another program has made, as it stands in the schema. */
const PARTS = {
  collation:
    "UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'of_another') WHERE name='by_name'",
  function:
    "UPDATE sqlite_schema SET sql = replace(sql, 'lower(', 'of_another(') WHERE name='by_name'",
  module: "INSERT INTO sqlite_schema (type,name,tbl_name,rootpage,sql) " +
    "VALUES ('table','odd','odd',0,'CREATE VIRTUAL TABLE odd USING of_another(a)')",
};

for (const driver of DRIVERS) {
  for (const [part, change] of Object.entries(PARTS)) {
    Deno.test(`${driver}: a pipeline beside a table with an unknown ${part} ends well, and nothing calls the file damaged`, async () => {
      using folder = tempFolder();
      const db = folder.file("etl.db");
      {
        using connection = await connect(db, { driver });
        connection.setDefensive(false);
        connection.exec(`
          CREATE TABLE other (name TEXT);
          CREATE INDEX by_name ON other (${
          part === "function" ? "lower(name)" : "name COLLATE NOCASE"
        });
          INSERT INTO other VALUES ('a'), ('b');
          CREATE TABLE mine (a);
          PRAGMA writable_schema=ON;
          ${change}`);
      }
      const report = await runPipeline([1, 2, 3], {
        db,
        driver,
        run: (n, task) => task.insert("mine", [[n]]),
      });
      assertEquals(report.status, "done");
      using reader = await connectReadOnly(db, { driver });
      assertEquals(reader.prepare("SELECT count(*) AS n FROM mine").get()!.n, 3);
      const args = ["doctor", "--db", "etl.db", "--json"];
      const { out } = await runCli(args, { folder: folder.path });
      const { checks } = JSON.parse(out) as {
        checks: { title: string; state: string; found: string }[];
      };
      const integrity = checks.find(({ title }) => title === "Integrity")!;
      assert(integrity.state !== "wrong", integrity.found);
      if (part !== "module") assertMatch(integrity.found, /cannot be checked here: other/);
    });
  }
}
