/**
 * What commands write: whole files, and never over a database.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";
import { runCli } from "./cli_terminal.ts";

async function digest(path: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(bytes).toHex();
}

Deno.test("no command writes over a database, its -wal or its -shm, also through links", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a"], { db, run: () => 1 });
  await runPipeline(["a"], { db: folder.file("other.db"), run: () => 1 });
  // Open, so that the files beside it are there.
  using connection = await connect(db);
  connection.exec("CREATE TABLE kept (a)");
  await Deno.symlink("etl.db", folder.file("link.html"));
  await Deno.symlink("etl.db-wal", folder.file("wal.html"));
  await Deno.link(db, folder.file("hard.html"));
  // Readers mark where they read in the -shm.
  const files = ["etl.db", "etl.db-wal", "other.db"];
  const before = await Promise.all(files.map((name) => digest(folder.file(name))));
  const names = [
    ...files,
    "etl.db-shm",
    "./etl.db",
    db,
    "etl.db-journal",
    "other.db-wal",
    "link.html",
    "link.html-shm",
    "wal.html",
    "hard.html",
  ];
  for (const output of names) {
    const args = ["export", "-o", output, "--db", "etl.db"];
    const { code, err } = await runCli(args, { folder: folder.path });
    assertEquals(code, 2, output);
    assertMatch(
      err,
      /^error: Cannot write .*: it (is|belongs to) .*database.*\. Name another file/,
    );
  }
  const log = await runCli(["--log-file", "other.db", "runs", "--db", "etl.db"], {
    folder: folder.path,
  });
  assert(log.code !== 0);
  assertStringIncludes(log.err, "is a database");
  for (const to of ["other.db", "other.db-wal", "link.html"]) {
    const { code } = await runCli(["backup", to, "--db", "etl.db"], { folder: folder.path });
    assert(code !== 0, to);
  }
  assertEquals(await Promise.all(files.map((name) => digest(folder.file(name)))), before);
  assertEquals([...Deno.readDirSync(folder.path)].filter(({ name }) => /partial/.test(name)), []);
});

Deno.test("export replaces an older page as a whole, and keeps a link to it", async () => {
  using folder = tempFolder();
  await runPipeline(["a"], { db: folder.file("etl.db"), run: () => 1 });
  await Deno.writeTextFile(folder.file("page.html"), "older");
  await Deno.symlink("page.html", folder.file("link.html"));
  const args = ["export", "-o", "link.html", "--db", "etl.db"];
  const { code, err } = await runCli(args, { folder: folder.path });
  assertEquals([code, err], [0, ""]);
  assert(Deno.lstatSync(folder.file("link.html")).isSymlink);
  assertMatch(await Deno.readTextFile(folder.file("page.html")), /^<!doctype html>/i);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names.filter((name) => !name.startsWith("etl.db")).sort(), [
    "link.html",
    "page.html",
  ]);
});
