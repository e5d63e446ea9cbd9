/**
 * `pipeloom run --resume` and `pipeloom backup`.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { runCli } from "./cli_terminal.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const FILE = decodeURIComponent(new URL("../fixtures/resumable.ts", import.meta.url).pathname);
const WORDS = "SELECT text FROM word ORDER BY rowid";

Deno.test("run --resume continues the last run, or the one that is named", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const run = (words: string, ...args: string[]) =>
    runCli(["run", FILE, "--db", db, "--arg", `words=${words}`, ...args], { folder: folder.path });
  const first = await run("a,b!,c");
  assertEquals(first.code, 1);
  assertMatch(first.out, /3 tasks · done 2 · error 1/);
  const second = await run("a,b!,c", "--resume");
  assertEquals(second.code, 1);
  const other = await run("a,b,c", "--resume=1");
  assertEquals([other.code, other.out], [1, ""]);
  assertStringIncludes(
    other.err,
    'Cannot resume run 1 with the arguments {"words":"a,b,c"}: it was started with {"words":"a,b!,c"}',
  );
  await Deno.writeTextFile(folder.file("mended"), "");
  const third = await run("a,b!,c", "--resume=1");
  assertEquals(third.code, 0);
  assertMatch(third.out, /^resumable · done · 3 tasks · [^]*run 1\n$/);
  assertEquals((await readValues(db, WORDS)).flat(), ["a", "c", "b"]);
  const none = await run("a", "--resume=9");
  assertEquals([none.code, none.out], [1, ""]);
  assertStringIncludes(none.err, "Cannot resume run 9: there is no such run");
  assertEquals((await run("a", "--resume=x")).code, 2);
});

Deno.test("runs and status show a run whose process died", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runCli(["run", FILE, "--db", db, "--arg", "words=a"], { folder: folder.path });
  {
    using connection = await connect(db);
    connection.exec("UPDATE pipeline_runs SET status='interrupted'");
  }
  for (const command of ["runs", "status"]) {
    const { code, out } = await runCli([command, "--db", db], { folder: folder.path });
    assertEquals(code, 0);
    assertMatch(out, command === "runs" ? /! interrupted/ : /run 1 · interrupted/);
  }
});

Deno.test("backup copies a database, and overwrites nothing", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = { folder: folder.path };
  await runCli(["run", FILE, "--db", db, "--arg", "words=a,b"], options);
  const to = folder.file("copies/etl.db");
  const { code, out } = await runCli(["backup", to, "--db", db], options);
  assertEquals([code, out.startsWith(`${db}: copied into ${to}, `)], [0, true]);
  assertEquals((await readValues(to, WORDS)).length, 2);
  const again = await runCli(["backup", to, "--db", db], options);
  assertEquals([again.code, again.out], [1, ""]);
  assertStringIncludes(again.err, "there is such a file");
  const json = await runCli(["backup", folder.file("b.db"), "--db", db, "--json"], options);
  const { bytes } = JSON.parse(json.out);
  assertEquals(bytes, Deno.statSync(folder.file("b.db")).size);
  const missing = await runCli(["backup", "c.db", "--db", folder.file("none.db")], options);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err, "there is no such file");
});
