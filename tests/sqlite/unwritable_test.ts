import { connect, connectReadOnly, SqliteError } from "../../db.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { attempt, ROOT, runChild, runScript } from "../support/child.ts";
import { DRIVERS } from "../support/drivers.ts";
import { namesIn } from "../support/names_in.ts";
import { tempFolder } from "../support/temp.ts";
import { unprivileged } from "../support/unprivileged.ts";
import { runCli } from "../cli/cli_terminal.ts";
import { explainUnwritable } from "../../sqlite/unwritable.ts";

/** Leaves a file behind whose writer was killed in the middle of a commit, with the journal of it. */
async function leaveHotJournal(db: string): Promise<void> {
  await runScript(
    `import { connect, initSchema } from ${JSON.stringify(new URL("db.ts", ROOT).href)};
     const connection = await connect(${JSON.stringify(db)}, { wal: false, driver: "builtin" });
     initSchema(connection);
     connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1); PRAGMA cache_size=5; BEGIN");
     connection.exec(\`WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000)
       INSERT INTO v SELECT hex(randomblob(100)) FROM c\`);
     Deno.kill(Deno.pid, "SIGKILL");`,
    { flags: ["-A"] },
  );
  assert(namesIn(db.slice(0, db.lastIndexOf("/"))).includes("etl.db-journal"));
}

Deno.test("a journal that a killed process left is named by those who only read, and rolled back by others", async () => {
  for (const command of [["init-db"], ["checkpoint"], ["prune", "--keep-runs", "1"]]) {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await leaveHotJournal(db);
    for (const driver of DRIVERS) {
      const error = await assertRejects(() => connectReadOnly(db, { driver }), SqliteError);
      assertStringIncludes(error.message, `${db}-journal has to be rolled back first`);
      assertStringIncludes(error.message, `pipeloom init-db --db ${db}`);
    }
    for (const reading of ["status", "runs", "doctor"]) {
      const { code, out, err } = await runCli([reading, "--db", "etl.db"], { folder: folder.path });
      assertEquals(code, 1);
      assertStringIncludes((out + err).replace(/\s+/g, " "), "has to be rolled back first");
    }
    const { code, err } = await runCli([...command, "--db", "etl.db"], { folder: folder.path });
    assertEquals([code, err], [0, ""], command[0]);
    using reader = await connectReadOnly(db);
    assertEquals(reader.prepare("SELECT count(*) AS n FROM v").get()!.n, 1);
    assertEquals(reader.prepare("PRAGMA journal_mode").get()!.journal_mode, "delete");
  }
});

Deno.test({
  name: "a file whose WAL holds commits is not read without them where nothing may be written",
  ignore: !unprivileged,
  async fn() {
    using folder = tempFolder();
    const data = folder.file("data");
    Deno.mkdirSync(data);
    {
      using connection = await connect(folder.file("etl.db"));
      connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
      for (const end of ["", "-wal"]) {
        await Deno.copyFile(folder.file(`etl.db${end}`), `${data}/etl.db${end}`);
      }
    }
    Deno.chmodSync(data, 0o555);
    const script = attempt("connectReadOnly", `await connectReadOnly("${data}/etl.db")`);
    const { message } = await runChild(script, {
      flags: ["-A"],
      prefix: unprivileged,
    }) as { message: string };
    Deno.chmodSync(data, 0o755);
    assertStringIncludes(message, "it has a WAL, whose readers share");
    assertEquals(namesIn(data), ["etl.db", "etl.db-wal"]);
  },
});

Deno.test("a file that exists and cannot be opened is not reported to miss its folder", () => {
  using folder = tempFolder();
  const opened = new SqliteError(
    "Unable to open database file (etl.db): check that its folder exists",
  );
  assertEquals(explainUnwritable(folder.file("none.db"), opened), opened);
  Deno.writeTextFileSync(folder.file("etl.db"), "");
  const error = explainUnwritable(folder.file("etl.db"), opened) as SqliteError;
  assertStringIncludes(error.message, "its folder or their mount may not be written");
  assertEquals(error.code, "read-only");
});

for (const driver of DRIVERS) {
  Deno.test({
    name: `${driver}: a clean file is read where nothing may be written, and stays read-only`,
    ignore: !unprivileged,
    async fn() {
      using folder = tempFolder();
      const data = folder.file("data % ?#");
      Deno.mkdirSync(data);
      const db = `${data}/etl.db`;
      {
        using connection = await connect(db, { driver });
        connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
      }
      Deno.chmodSync(data, 0o555);
      const script = attempt(
        "connect, connectReadOnly",
        `using reader = await connectReadOnly(${JSON.stringify(db)}, { driver: "${driver}" });
         let refused = "", toWrite = "";
         try { reader.exec("INSERT INTO v VALUES (2)"); } catch (error) { refused = error.code; }
         try { await connect(reader.path, { driver: "${driver}" }); } catch (error) { toWrite = error; }
         return [reader.path, reader.prepare("SELECT a FROM v").get().a, refused, toWrite.message];`,
      );
      // Under narrow flags no URI may be opened.
      for (const flags of driver === "ffi" ? [["-A"]] : [["-A"], [`--allow-read=${data}`]]) {
        const { value } = await runChild(script, { flags, prefix: unprivileged }) as {
          value: string[];
        };
        const reason = flags[0] === "-A"
          ? "check the permissions of the file and its folder"
          : "permission denied; run with --allow-read";
        assertStringIncludes(value.pop()!, reason);
        assertEquals(value, [db, 1, "read-only"]);
      }
      Deno.chmodSync(data, 0o755);
      assertEquals(namesIn(data), ["etl.db"]);
    },
  });
}
