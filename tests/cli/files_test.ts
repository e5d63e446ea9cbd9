/**
 * `pipeloom runs`, `export`, `init-db` and `checkpoint`.
 *
 * @module
 */
import { connect, connectReadOnly } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { HandRun } from "./cli_fixture.ts";
import { namesIn } from "../support/names_in.ts";
import { readRow, readValues } from "../support/read.ts";
import { hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";
import { tempFolder } from "../support/temp.ts";

const ignore = !hasTerminals;

async function twoRuns(db: string): Promise<void> {
  const run = (item: string) => {
    if (item === "boom") throw new Error("boom");
  };
  await runPipeline(["a", "b"], { db, name: "first", run });
  await runPipeline(["boom"], { db, name: "second", run });
}

Deno.test("runs lists the newest first", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await twoRuns(db);
  const options = { folder: folder.path };
  const { code, out } = await runCli(["runs", "--db", db], options);
  assertEquals(code, 0);
  const [title, ...rows] = out.trimEnd().split("\n");
  assertMatch(title!, /^run +status +name +tasks +done +error +elapsed +started$/);
  assertMatch(rows[0]!, /^ +2 +✖ error +second +1 +0 +1 +\d+ ms +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assertMatch(rows[1]!, /^ +1 +✔ done +first +2 +2 +0 /);
  const json = JSON.parse((await runCli(["runs", "--db", db, "--json"], options)).out);
  assertEquals(json.map(({ id }: { id: number }) => id), [2, 1]);
  const one = await runCli(["runs", "--db", db, "--limit", "1"], options);
  assertMatch(one.out, /second.*\n… and older ones: --limit 5 shows more\n$/);
});

Deno.test("runs of a file without runs prints that there is none", async () => {
  using folder = tempFolder();
  await runCli(["init-db"], { folder: folder.path });
  const { code, out } = await runCli(["runs"], { folder: folder.path });
  assertEquals([code, out], [0, "pipeloom.db has no runs yet\n"]);
  const json = await runCli(["runs", "--json"], { folder: folder.path });
  assertEquals(JSON.parse(json.out), []);
  const status = await runCli(["status"], { folder: folder.path });
  assertEquals([status.code, status.out], [1, ""]);
  assertEquals(status.err, "error: Cannot show pipeloom.db: it has no runs yet\n");
});

Deno.test({
  name: "runs on a narrow terminal leaves out columns instead of cutting numbers",
  ignore,
  async fn() {
    using folder = tempFolder();
    await twoRuns(folder.file("etl.db"));
    await using terminal = openTerminal(["runs", "--db", "etl.db"], {
      folder: folder.path,
      columns: 36,
      rows: 10,
    });
    assertEquals(await terminal.ended(), 0);
    assertMatch(
      terminal.screen,
      /^run +status +name +tasks +done\n +2 .*second +1 +0\n +1 .*first/,
    );
  },
});

Deno.test("export writes one file that holds the run", async () => {
  using folder = tempFolder();
  await twoRuns(folder.file("etl.db"));
  const options = { folder: folder.path };
  const named = await runCli(["export", "1", "--db", "etl.db", "-o", "one.html"], options);
  assertEquals(named.code, 0);
  assertMatch(named.out, /^Run 1 is in one\.html \([\d.]+ [KM]iB\)\n$/);
  assertMatch(await Deno.readTextFile(folder.file("one.html")), /"name":"first"/);
  const newest = await runCli(["export", "--db", "etl.db"], options);
  assertMatch(newest.out, /^Run 2 is in run-2\.html/);
  const piped = await runCli(["export", "latest", "--db", "etl.db", "-o", "-"], options);
  const timeless = (page: string) => page.replace(/"(now|at)":\d+/g, "");
  const written = await Deno.readTextFile(folder.file("run-2.html"));
  assert(timeless(piped.out) === timeless(written), "The standard output is not the file");
});

Deno.test("export of a run that is not there, or into no file, is one message", async () => {
  using folder = tempFolder();
  await twoRuns(folder.file("etl.db"));
  const options = { folder: folder.path };
  const gone = await runCli(["export", "7", "--db", "etl.db"], options);
  assertEquals([gone.code, gone.out], [1, ""]);
  assertMatch(gone.err, /^error: Cannot export run 7 of etl\.db: there is none\n$/);
  const nowhere = await runCli(["export", "1", "--db", "etl.db", "-o", "no/such/x.html"], options);
  assertEquals(nowhere.code, 1);
  assertMatch(
    nowhere.err,
    /^error: Cannot write no\/such\/x\.html: .+; name another file with -o\n$/,
  );
});

Deno.test("init-db creates the tables, and extends a file of the Python original in place", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  const created = await runCli(["init-db", "--db", "sub/new.db"], options);
  assertEquals([created.code, created.out], [0, "sub/new.db is created\n"]);
  assertEquals(await readRow(folder.file("sub/new.db"), "SELECT count(*) AS n FROM task_runs"), {
    n: 0,
  });
  const db = folder.file("old.db");
  {
    using connection = await connect(db);
    connection.exec(`CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
      status TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT,
      finished_at TEXT, result TEXT); INSERT INTO task_runs (name, status) VALUES ('kept', 'done')`);
  }
  for (let times = 0; times < 2; times++) {
    const { code, out } = await runCli(["init-db", "--db", "old.db"], options);
    assertEquals([code, out], [0, "old.db is up to date\n"]);
  }
  assertEquals(await readValues(db, "SELECT name, run_id FROM task_runs"), [["kept", null]]);
  const plain = folder.file("plain.db");
  {
    using connection = await connect(plain, { wal: false });
    connection.exec("CREATE TABLE mine (n INTEGER)");
  }
  assertEquals((await runCli(["init-db", "--db", "plain.db"], options)).code, 0);
  assertEquals(await readRow(plain, "PRAGMA journal_mode"), { journal_mode: "delete" });
});

Deno.test("init-db of a file with a table of another make is one message", async () => {
  using folder = tempFolder();
  {
    using connection = await connect(folder.file("x.db"));
    connection.exec("CREATE TABLE task_runs (mine TEXT)");
  }
  const { code, err } = await runCli(["init-db", "--db", "x.db"], { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(err, /^error: Cannot use table task_runs of x\.db: .+\n$/);
});

Deno.test("checkpoint empties the WAL beside a writer", async () => {
  await using run = await HandRun.start(["a", "b"]);
  const wal = `${run.db}-wal`;
  assert(Deno.statSync(wal).size > 0, "There is nothing in the WAL");
  const options = { folder: run.folder.path };
  const passive = await runCli(["checkpoint", "--db", run.db, "--mode", "passive"], options);
  assertMatch(passive.out, /: (\d+) pages of \1 copied\n$/);
  assert(Deno.statSync(wal).size > 0, "Passive cut the WAL");
  const { code, out } = await runCli(["checkpoint", "--db", run.db, "--json"], options);
  assertEquals([code, JSON.parse(out).busy], [0, false]);
  assertEquals(Deno.statSync(wal).size, 0);
});

Deno.test("checkpoint reports a reader that blocks it, and exits with 1", async () => {
  await using run = await HandRun.start(["a"]);
  using reader = await connectReadOnly(run.db);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM task_runs").get();
  await run.begin(0);
  const args = ["checkpoint", "--db", run.db, "--wait", "0"];
  const { code, out } = await runCli(args, { folder: run.folder.path });
  assertEquals(code, 1);
  assertStringIncludes(out, "a reader or a writer was in the way");
  assertEquals(await readRow(run.db, "SELECT status FROM task_runs"), { status: "running" });
});

Deno.test("checkpoint of a file without a WAL leaves it without one", async () => {
  using folder = tempFolder();
  const db = folder.file("plain.db");
  (await connect(db, { wal: false })).close();
  const options = { folder: folder.path };
  const { code, out } = await runCli(["checkpoint", "--db", "plain.db"], options);
  assertEquals([code, out], [0, "plain.db has no WAL: there is nothing to copy\n"]);
  assertEquals(await readRow(db, "PRAGMA journal_mode"), { journal_mode: "delete" });
  assertEquals(namesIn(folder.path), ["plain.db"]);
});
