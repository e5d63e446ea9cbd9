/**
 * `pipeloom doctor`.
 *
 * @module
 */
import { examine as examineHere } from "../../cli/doctor/examine.ts";
import { NPM_PACKAGES } from "../../cli/doctor/examine_packages.ts";
import { hasWalResetRace } from "../../cli/doctor/sqlite_versions.ts";
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { HARMFUL } from "./cli_fixture.ts";
import { hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";
import { packageOf, readModules } from "../support/module_graph.ts";
import { tempFolder } from "../support/temp.ts";

interface Finding {
  title: string;
  state: string;
  found: string;
  advice?: string;
}

/** Runs the doctor and returns its findings by title. */
async function examine(folder: string, ...permissions: string[]) {
  const args = ["doctor", "--db", "etl.db", "--json"];
  const all = ["--allow-read", ...permissions];
  const { code, out } = await runCli(args, { folder, permissions: all });
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Finding[] };
  return { code, ok, by: Object.fromEntries(checks.map((check) => [check.title, check])) };
}

async function healthy(folder: ReturnType<typeof tempFolder>): Promise<string> {
  const db = folder.file("etl.db");
  await runPipeline([1, 2], { db, driver: "builtin", run: () => {} });
  return db;
}

Deno.test("doctor finds nothing wrong with a sound file", async () => {
  using folder = tempFolder();
  await healthy(folder);
  const { code, ok, by } = await examine(folder.path, "--allow-sys");
  assertEquals([code, ok], [0, true]);
  assertEquals(Object.keys(by), [
    "Deno",
    "Driver",
    "Permissions",
    "Packages",
    "Database",
    "Journal",
    "Integrity",
    "Disk",
  ]);
  assertMatch(by.Deno!.found, new RegExp(`^${Deno.version.deno} `));
  assertMatch(
    by.Driver!.found,
    /^builtin, SQLite 3\.\d+\.\d+ \(not ffi: --allow-\S+ is not granted\)$/,
  );
  assertMatch(by.Permissions!.found, /^granted to the full: read, sys; not, or in part: write/);
  assertMatch(by.Disk!.found, /^[\d.]+ [MGT]iB are free$/);
  assertEquals(
    by.Packages!.found,
    `${NPM_PACKAGES.length} packages of npm are cached; ` +
      "of @db/sqlite, its library, @std/path not known without --allow-env",
  );
});

Deno.test("doctor looks for each package that the command line leads to", async () => {
  const names = (await readModules("cli.ts")).flatMap(({ dependencies = [] }) =>
    dependencies.flatMap(({ code }) =>
      code?.specifier?.startsWith("npm:") ? [packageOf(code.specifier)] : []
    )
  );
  assertEquals([...new Set(names)].sort(), [...NPM_PACKAGES]);
});

Deno.test("doctor reports whether the process of a run lives, and the owner of each lock file", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const found = async () => {
    const checks = await examineHere(db);
    return checks.filter(({ title }) => /Runs|Locks/.test(title)).map(({ found }) =>
      found.replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]+){4}/g, "…").replaceAll(/( on \S+?)?(?=$|;)/g, "")
    );
  };
  const process = `process ${Deno.pid}`;
  let during: string[] = [];
  const run = async () => void (during = await found());
  await runPipeline([1], { db, name: "nightly", driver: "builtin", run });
  assertEquals(during, [
    `run 1 (nightly) is active, and its process is alive, ${process}`,
    `etl.db-owner-… is held by the process of run 1 (nightly), ${process}`,
  ]);
  assertEquals(await found(), []);

  // One was killed in its run, another between two runs; a third was ended in a statement that did not end.
  const [killed, idle, ended] = [1, 2, 3].map((n) => `0000000${n}${crypto.randomUUID().slice(8)}`);
  for (const owner of [killed, idle]) Deno.writeTextFileSync(`${db}-owner-${owner}`, "");
  Deno.writeTextFileSync(`${db}-owner-${ended}`, "it took too long");
  {
    using connection = await connect(db);
    connection.exec(
      `UPDATE pipeline_runs SET status='running', owner='${killed}', pid=7, host=NULL`,
    );
  }
  assertEquals(await found(), [
    "run 1 (nightly) has not ended, and its process is gone; 0 tasks left",
    "etl.db-owner-… was left by run 1 (nightly), process 7, which is gone",
    "etl.db-owner-… was left by a writer of no run in this file, which is gone",
    "etl.db-owner-… was left by a writer of no run in this file, whose writer was ended: it took too long",
  ]);
});

Deno.test("doctor reports which settings scripts have changed, and what they put on our tables", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  {
    using file = new DatabaseSync(db);
    file.exec(
      `PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA encoding='UTF-16le';
      CREATE TABLE mine (n INTEGER)`,
    );
  }
  const schema = `CREATE TABLE seen (id INTEGER);
    CREATE INDEX by_name ON task_runs (name);
    CREATE INDEX mine_too ON mine (n);
    CREATE TRIGGER note AFTER INSERT ON task_runs BEGIN INSERT INTO seen VALUES (NEW.id); END`;
  await runPipeline([1], { db, wal: false, driver: "builtin", schema, run: () => {} });
  const checks = await examineHere(db);
  assertEquals(checks.filter(({ title }) => title === "Settings").map(({ found }) => found), [
    "set by a script: page_size 8192, auto_vacuum incremental, encoding UTF-16le",
    "on tables of pipeloom: index by_name on task_runs, trigger note on task_runs",
  ]);
  assertMatch(checks.find(({ title }) => title === "Journal")!.found, /^delete: /);
});

Deno.test("doctor without a file, and with few permissions, still reports what it can", async () => {
  using folder = tempFolder();
  const { code, by } = await examine(folder.path);
  assertEquals(code, 0);
  assertMatch(by.Database!.found, /^etl\.db: there is no such file yet$/);
  assertMatch(by.Disk!.found, /--allow-sys=statfs is not granted/);
});

Deno.test("doctor reports a damaged file", async () => {
  using folder = tempFolder();
  const db = await healthy(folder);
  {
    using connection = await connect(db);
    connection.exec("CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)");
    for (let n = 0; n < 200; n++) {
      connection.prepare("INSERT INTO t VALUES (?)").run(`${n}`.repeat(90));
    }
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  using file = await Deno.open(db, { read: true, write: true });
  const { size } = await file.stat();
  await file.seek(size - 4096, Deno.SeekMode.Start);
  await file.write(new Uint8Array(4096).fill(0xa5));
  const { code, ok, by } = await examine(folder.path);
  assertEquals([code, ok, by.Integrity!.state], [1, false, "wrong"]);
  assertMatch(by.Integrity!.advice!, /keep a copy/);
});

Deno.test("doctor reports a file that is not a database", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("etl.db"), "no database ".repeat(100));
  const { code, by } = await examine(folder.path);
  assertEquals([code, by.Database!.state], [1, "wrong"]);
  assertMatch(by.Database!.found, /^File is not a database/);
});

Deno.test("doctor names runs that are marked as running and have been silent", async () => {
  using folder = tempFolder();
  const db = await healthy(folder);
  {
    using connection = await connect(db);
    connection.exec(`UPDATE pipeline_runs SET status = 'running', finished_at = NULL,
      updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 hours')`);
  }
  const { code, by } = await examine(folder.path);
  assertEquals([code, by.Runs!.state], [0, "note"]);
  assertMatch(
    by.Runs!.found,
    /^run 1 is marked as running, and has had no news for 2 h 00 min; whether/,
  );
});

Deno.test("doctor reports readers that hold the WAL of a run", async () => {
  using folder = tempFolder();
  const db = await healthy(folder);
  {
    using connection = await connect(db);
    connection.exec(`UPDATE pipeline_runs SET status='running', wal_bytes=327155712,
      wal_held_since=strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 hours')`);
  }
  const { code, by } = await examine(folder.path);
  assertEquals([code, by.Readers!.state], [1, "wrong"]);
  assertMatch(by.Readers!.found, /^readers have held the WAL for 2 h 00 min: 312 MiB$/);
  assertMatch(by.Readers!.advice!, /^end the one .* lsof .*etl\.db-shm names/);
});

Deno.test("doctor warns of a writer whose SQLite can lose a commit", async () => {
  using folder = tempFolder();
  const db = await healthy(folder);
  {
    using connection = await connect(db);
    connection.exec("UPDATE pipeline_runs SET sqlite_version = '3.40.1', driver = 'ffi'");
  }
  const { code, by } = await examine(folder.path);
  assertEquals([code, by.Writer!.state], [1, "wrong"]);
  assertMatch(by.Writer!.advice!, /--driver builtin/);
});

Deno.test("doctor describes another journal and a foreign file as notes", async () => {
  using folder = tempFolder();
  {
    using connection = await connect(folder.file("etl.db"), { wal: false });
    connection.exec("CREATE TABLE mine (n INTEGER)");
  }
  const { code, by } = await examine(folder.path);
  assertEquals([code, by.Journal!.state, by.Database!.state], [0, "note", "note"]);
  assertMatch(by.Database!.found, /it has none of pipeloom's tables$/);
});

Deno.test({
  name: "doctor fits a narrow terminal",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    await healthy(folder);
    await using terminal = openTerminal(["doctor", "--db", "etl.db"], {
      folder: folder.path,
      columns: 40,
      rows: 30,
    });
    assertEquals(await terminal.ended(), 0);
    assertMatch(terminal.screen, /^✔ Deno {8}\d/);
    assert(terminal.screen.split("\n").length === terminal.raw.trimEnd().split("\r\n").length);
    assert(!HARMFUL.test(terminal.screen));
  },
});

Deno.test("hasWalResetRace() knows the versions", () => {
  for (const version of ["3.7.0", "3.40.1", "3.44.5", "3.50.6", "3.51.2"]) {
    assert(hasWalResetRace(version), version);
  }
  for (const version of ["3.6.23", "3.44.6", "3.50.7", "3.51.3", "3.52.0", "3.53.2", "4.0.0"]) {
    assert(!hasWalResetRace(version), version);
  }
});
