import { assertEquals, assertMatch } from "../support/assert.ts";
import { runExample } from "../support/example_run.ts";
import { hasNats } from "../support/nats_server.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test({
  name: "examples/machines starts a server, two workers and a run, and leaves only its database",
  ignore: !hasNats,
  async fn() {
    using folder = tempFolder();
    const printed = await runExample("machines/main.ts", { cwd: folder.path, args: ["40"] });
    assertMatch(printed, /^A broker at nats:\S+, two workers[^\n]*\n40 tasks are done\n/);
    // How the tasks fall to the two is up to the machine.
    const tasks = [...printed.matchAll(/^\S+:\d+: (\d+)$/gm)].map(([, n]) => Number(n));
    assertEquals(tasks.reduce((sum, n) => sum + n), 40);
    assertMatch(printed, /\n148933 primes below 2000000\n$/);
    const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    assertEquals(left.filter((name) => !name.startsWith("machines.db")), []);
    assertEquals(
      await readValues(folder.file("machines.db"), "SELECT count(*), sum(slots) FROM workers"),
      [[2, 4]],
    );
  },
});
