/**
 * The writer's thread dies under a pipeline at work, of an uncaught error.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { assertKept, assertResumes, hazardous, TASKS, Victim } from "../support/faulted.ts";
import { variantTest } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

for (const driver of DRIVERS) {
  for (const pool of [true, false]) {
    const where = pool ? "on Workers" : "on the main thread";

    variantTest(!pool)(
      `${driver}: a pipeline ${where} ends when its writer dies, and nothing is lost`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, { driver, pool, hazard: "writer" });
        await using child = Victim.held(options);
        await child.more(50);
        child.kill("SIGUSR2");
        const { code, stderr } = await child.end();
        assertEquals(code, 1);
        assertStringIncludes(stderr, "WriterDiedError: ");
        assertStringIncludes(stderr, `The writer of ${options.db} died`);
        assertStringIncludes(stderr, "resume");
        await assertKept(options.db, child.acknowledged);
        await Deno.remove(`${folder.path}/hold`);
        await assertResumes({ ...options, hazard: undefined }, child.acknowledged);
      },
    );

    variantTest(pool)(
      `${driver}: a pipeline ${where} continues in the same process when its writer has died`,
      async () => {
        using folder = tempFolder();
        const options = hazardous(folder, { driver, pool, hazard: "writer", again: true });
        await using child = Victim.held(options);
        await child.more(50);
        child.kill("SIGUSR2");
        await child.printed("again");
        child.release();
        const { code, stderr } = await child.end();
        assertEquals(code, 0, stderr);
        assert(child.news.includes("again"));
        assertEquals([child.counts!.done, child.counts!.error], [TASKS, 0]);
        await assertKept(options.db, child.acknowledged);
        // Nothing of it is left: another writer has the file for itself.
        assertEquals(
          [...Deno.readDirSync(folder.path)].map(({ name }) => name).filter((name) =>
            /-owner-/.test(name)
          ),
          [],
        );
      },
    );
  }
}
