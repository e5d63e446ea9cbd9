/**
 * `--arg`: what is refused before anything is written, and where a run's arguments are shown.
 *
 * @module
 */
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { runCli } from "./cli_terminal.ts";

const ETL = decodeURIComponent(new URL("../fixtures/etl.ts", import.meta.url).pathname);
const DATED = decodeURIComponent(new URL("../fixtures/dated.ts", import.meta.url).pathname);

Deno.test("an argument that is wrong exits with 2 before anything is written", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  for (
    const [args, message] of [
      [["run", ETL, "--arg", "dat=2026-11-01"], "no argument dat; the items read words"],
      [["run", DATED, "--arg", "day:=32"], "Cannot run with these arguments: day: expected a day"],
      [["run", DATED, "--arg", "day:=Monday"], "Write JSON after day:="],
      [["run", ETL, "--arg", "words:=x", "--dashboard", "0"], "Write JSON after words:="],
      [["run", ETL, "--arg", "dat=1", "--dashboard", "0"], "no argument dat"],
    ] as const
  ) {
    const { code, out, err } = await runCli(args, options);
    assertEquals([code, out], [2, ""], err);
    assertStringIncludes(err, message);
  }
  await assertRejects(() => Deno.stat(folder.file("pipeloom.db")), Deno.errors.NotFound);
});

Deno.test("another date is another run, and each continues its own", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  const run = (day: number, ...rest: string[]) =>
    runCli(["run", DATED, "--arg", `day:=${day}`, "--arg", "fails:=true", ...rest], options);
  assertEquals((await run(13)).code, 1);
  assertEquals((await run(14, "--resume")).code, 1);
  assertEquals((await run(13, "--resume")).code, 1);
  const db = folder.file("pipeloom.db");
  assertEquals(await readValues(db, "SELECT id, label, resumed FROM pipeline_runs ORDER BY id"), [
    [1, "day 13", 1],
    [2, "day 14", null],
  ]);
  const without = await runCli(["run", DATED, "--resume", "1"], options);
  assertEquals([without.code, without.out], [1, ""]);
  assertStringIncludes(
    without.err,
    'Cannot resume run 1 with the arguments {"day":1,"fails":false}: it was started with ' +
      '{"day":13,"fails":true}',
  );
  const runs = await runCli(["runs"], options);
  assertMatch(runs.out, /dated \(day 14\)[^]*dated \(day 13\)/);
  const [newest] = JSON.parse((await runCli(["runs", "--json"], options)).out);
  assertEquals([newest.label, newest.args], ["day 14", '{"day":14,"fails":true}']);
  assertMatch((await runCli(["status", "--run", "1"], options)).out, /^dated · day 13 · /);
  const report = JSON.parse((await run(15, "--json")).out);
  assertEquals([report.label, report.args], ["day 15", { day: 15, fails: true }]);
});

Deno.test("runs and status show why a run failed as a whole", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  const { code, out, err } = await runCli(["run", DATED, "--arg", "day:=0", "--json"], options);
  assertEquals(code, 1);
  const report = JSON.parse(out);
  assertEquals([report.runId, report.status, report.reason], [1, "error", "There is no day 0"]);
  assertStringIncludes(err, "There is no day 0");
  assertMatch((await runCli(["runs"], options)).out, /reason\n[^]*There is no day 0/);
  assertMatch(
    (await runCli(["status"], options)).out,
    /the total is unknown · failed as a whole: There is no day 0/,
  );
  const [run] = JSON.parse((await runCli(["runs", "--json"], options)).out);
  assertEquals(run.reason, "There is no day 0");
  assertMatch(run.reasonStack, /Error: There is no day 0\n.*dated\.ts/);
});
