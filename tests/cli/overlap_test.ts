/**
 * `pipeloom run --overlap`: what a person and a shell see while another run is active.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Fixture } from "../support/spawn.ts";
import { hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const ETL = decodeURIComponent(new URL("../fixtures/etl.ts", import.meta.url).pathname);

/** Arguments of a run with these words. */
const run = (words: string, ...args: string[]) => ["run", ETL, "--arg", `words=${words}`, ...args];

Deno.test({
  name: "run --overlap refuses with 75, or waits behind the active run and prints it",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    const options = { folder: folder.path };
    await using first = openTerminal(run("wait"), options);
    await first.until("waiting");

    const refused = await runCli(run("a", "--overlap", "refuse"), options);
    assertEquals([refused.code, refused.out], [75, ""]);
    assertMatch(
      refused.err,
      /^error: Cannot begin another run of "etl": run 1 is active \(process \d+, since .+Z\); .+\n$/,
    );

    await using second = openTerminal(run("a", "--overlap", "queue"), options);
    await second.until(/Waits: run 1 is active \(process \d+, since/);
    await using third = openTerminal(run("b", "--overlap", "queue"), options);
    await third.until("Waits: run 1");
    await third.interrupt();
    assertEquals(await third.ended(), 130);
    assertMatch(third.screen, /Stopping: [^]*etl · cancelled · 1 task · /);
    assert(third.hasCursor, "The cursor is gone");

    await first.interrupt();
    assertEquals(await first.ended(), 130);
    assertEquals(await second.ended(), 0);
    assertMatch(second.screen, /Waits: [^]*etl · done · 1 task · /);
    assertEquals(
      await readValues(folder.file("pipeloom.db"), "SELECT status FROM pipeline_runs"),
      [["cancelled"], ["done"]],
    );
    assertEquals((await runCli(run("a", "--overlap", "never"), options)).code, 2);
  },
});

Deno.test("a run whose lock file was removed is alive to every command, and takes its cancel itself", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const statuses = () => readValues(db, "SELECT id, status, done FROM pipeline_runs");
  await using alive = new Fixture("overlapping.ts", folder.path, db, "allow", "one", "hold");
  assertEquals(await alive.line(), "begun");
  const cli = async (...args: string[]) => {
    for (const { name } of Deno.readDirSync(folder.path)) {
      if (name.includes("-owner-")) Deno.removeSync(folder.file(name));
    }
    return await runCli([...args, "--db", db], { folder: folder.path });
  };
  const doctor = await cli("doctor");
  assertEquals([doctor.code, /gone|interrupted/.test(doctor.out)], [0, false], doctor.out);
  assertMatch((await cli("status")).out, /^nightly · run 1 · running · /);
  assertMatch((await cli("prune", "--keep-runs", "1", "--force")).out, /[Nn]othing|No run/);
  assertEquals(await statuses(), [[1, "running", 0]]);
  const cancelled = await cli("cancel", "latest", "--wait", "0");
  assertEquals(cancelled.code, 0, cancelled.err);
  alive.kill("SIGUSR2");
  // Whether it has noticed the request before its task ended is up to the system.
  const { status } = JSON.parse(await alive.line());
  assert(["done", "cancelled"].includes(status), status);
  assertEquals(await statuses(), [[1, status, 1]]);
  const events = await readValues(db, "SELECT who, what FROM event ORDER BY id");
  assertEquals(events, [["one", "begin"], ["one", "end"]]);
});
