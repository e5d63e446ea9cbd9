/**
 * Things that cannot be sent to another thread, or written: the task that sent them fails and names it,
 * and whatever was sent along with them is written.
 *
 * @module
 */
import { runPipeline } from "../../mod.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { post, UNSENDABLE } from "../fixtures/unsendable.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/unsendable.ts", import.meta.url);

for (const driver of DRIVERS) {
  for (const atomic of [false, true]) {
    for (const pool of [false, true]) {
      Deno.test(`${driver}: what cannot be sent fails its task alone (atomic: ${atomic}, pool: ${pool})`, async () => {
        using folder = tempFolder();
        const db = folder.file("a.db");
        const names = Object.keys(UNSENDABLE);
        const items = names.flatMap((name, n) => [name, `fine ${n}`]);
        const report = await runPipeline(items, {
          db,
          driver,
          atomic,
          // All of them at once, so that they share batches.
          workers: pool ? 2 : items.length,
          schema: "CREATE TABLE row (item TEXT, value)",
          run: pool ? { module, export: "post" } : post,
        });
        assertEquals([report.counts.done, report.counts.error], [names.length, names.length]);
        const failures = new Map(report.failures.map(({ name, error }) => [name, error.message]));
        for (const name of names) assertMatch(failures.get(name)!, UNSENDABLE[name]!.error);
        // What they had written before is there, unless it is all or nothing.
        const written = items.filter((item) => !atomic || item.startsWith("fine"));
        assertEquals(
          (await readValues(db, "SELECT item FROM row ORDER BY item")).flat(),
          written.toSorted(),
        );
        assertEquals(await readValues(db, "PRAGMA integrity_check"), [["ok"]]);
      });
    }
  }

  Deno.test(`${driver}: an item that cannot be sent to a Worker fails its task alone`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const buffer = new ArrayBuffer(4);
    structuredClone(buffer, { transfer: [buffer] });
    const report = await runPipeline(["fine 0", () => {}, Symbol("x"), buffer, "fine 1"], {
      db,
      driver,
      taskName: (_, index) => `item ${index}`,
      workers: 2,
      schema: "CREATE TABLE row (item TEXT, value)",
      run: { module, export: "post" },
    });
    assertEquals([report.counts.done, report.counts.error], [2, 3]);
    for (const { id, name, error } of report.failures) {
      assertMatch(
        error.message,
        new RegExp(`^Cannot send the item of task ${id} \\(${name}\\) to a Worker: .*plain data`),
      );
    }
    assertEquals(await readValues(db, "SELECT item FROM row ORDER BY item"), [["fine 0"], [
      "fine 1",
    ]]);
  });
}
