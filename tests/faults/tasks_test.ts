/**
 * Tasks that fail for good: they fill the memory, never end, or leave a promise behind that is not awaited.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { assertKept, assertResumes, hazardous, Victim } from "../support/faulted.ts";
import { VICTIM } from "../fixtures/hazards.ts";
import { longTest, variantTest } from "../support/long_form.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** How V8 ends a process whose heap is full. */
const FATAL: readonly Deno.Signal[] = ["SIGTRAP", "SIGILL", "SIGABRT"];

const MESSAGE = `SELECT message FROM task_runs WHERE key = '${VICTIM}'`;

for (const driver of DRIVERS) {
  for (const pool of [true, false]) {
    const where = pool ? "on a Worker" : "on the main thread";

    variantTest(pool)(
      `${driver}: a task that fills the memory ${where} ends the process, and nothing is lost`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, {
          tasks: 60,
          driver,
          pool,
          hazard: "memory",
          heapMb: 40,
        });
        await using child = new Victim(options);
        const { signal, stderr } = await child.end(FATAL);
        assert(signal !== null, stderr);
        assertMatch(stderr, /Fatal JavaScript out of memory/);
        assert(child.acknowledged.includes(`${VICTIM}.0`));
        await assertKept(options.db, child.acknowledged);
        await assertResumes({ ...options, hazard: undefined }, child.acknowledged);
        // Which task it may have been is kept.
        const attempts = await readValues(
          options.db,
          `SELECT a.error FROM task_attempts AS a JOIN task_runs AS t ON t.id = task_id WHERE key = '${VICTIM}'`,
        );
        assertEquals(attempts, [[
          "Interrupted: the process that ran this task died before it ended",
        ]]);
      },
    );

    variantTest(pool)(
      `${driver}: a task that never ends ${where} can be killed, and nothing is lost`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, { tasks: 60, driver, pool, hazard: "loop" });
        await using child = new Victim(options);
        await child.printed("looping");
        if (pool) {
          // The first Ctrl-C lets the others end; that one is waited for, until the second.
          child.kill("SIGINT");
          await child.printed("interrupted");
          const running =
            "SELECT group_concat(key) AS keys FROM task_runs WHERE status = 'running'";
          await until(async () => (await readRow(options.db, running)).keys === `${VICTIM}`);
          child.kill("SIGINT");
          assertEquals((await child.end()).code, 130);
        } else {
          // Signals are handled by the thread that is blocked.
          child.kill("SIGINT");
          child.kill("SIGKILL");
          assertEquals((await child.end()).signal, "SIGKILL");
        }
        await assertKept(options.db, child.acknowledged);
        await assertResumes({ ...options, hazard: undefined }, child.acknowledged);
      },
    );
  }

  // In the suite, the tests of timeouts have a task that blocks its Worker.
  longTest(`${driver}: a task that never ends on a Worker fails when its time is up`, async () => {
    using folder = tempFolder();
    const options = hazardous(folder, {
      tasks: 60,
      driver,
      pool: true,
      hazard: "loop",
      timeoutMs: 1_000,
    });
    await using child = new Victim(options);
    // The run ends, but Deno 2.9 continues a Worker that never waits, for as long as the process lives.
    await child.ended;
    child.kill("SIGKILL");
    await child.end();
    assertEquals([child.counts!.done, child.counts!.error], [59, 1]);
    assertEquals(await readRow(options.db, MESSAGE), {
      message: "Timed out after 1000 ms; its Worker was terminated",
    });
    await assertKept(options.db, child.acknowledged);
    const { hazard: _hazard, timeoutMs: _timeoutMs, ...rest } = options;
    await assertResumes(rest, child.acknowledged);
  });

  for (
    const [hazard, message] of [
      ["rejection", "Not awaited"],
      ["timer", "Thrown in a timer"],
    ] as const
  ) {
    variantTest(hazard === "rejection")(
      `${driver}: an uncaught error fails the task on a Worker alone (${hazard})`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, { tasks: 60, driver, pool: true, hazard });
        await using child = new Victim(options);
        const { code, stderr } = await child.end();
        assertEquals([code, stderr], [0, ""]);
        assertEquals([child.counts!.done, child.counts!.error], [59, 1]);
        assertMatch(
          `${(await readRow(options.db, MESSAGE)).message}`,
          new RegExp(`^The task's Worker died of an error that no task caught: ${message}`),
        );
        await assertKept(options.db, child.acknowledged);
        await assertResumes({ ...options, hazard: undefined }, child.acknowledged);
      },
    );

    variantTest(hazard === "timer")(
      `${driver}: an uncaught error on the main thread ends the process, and nothing is lost (${hazard})`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, { tasks: 60, driver, hazard });
        await using child = new Victim(options);
        const { code, stderr } = await child.end();
        assertEquals(code, 1);
        // It names the line in the code.
        assertMatch(stderr, new RegExp(`Uncaught .*${message}[^]*hazards\\.ts`));
        assert(child.acknowledged.includes(`${VICTIM}.0`));
        await assertKept(options.db, child.acknowledged);
        await assertResumes({ ...options, hazard: undefined }, child.acknowledged);
      },
    );
  }
}

/** Looks again and again until something is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
