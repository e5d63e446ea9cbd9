/**
 * Writes into a database as fast as it can until its standard input ends: rows and progress of tasks, so that
 * the number of tasks stays as it is. One task reports the time every tenth of a second.
 *
 * @module
 */
import { runPipeline } from "../mod.ts";
import { makeRows, ROWS_TABLE } from "./baselines.ts";

const TASKS = 8;
const COLUMNS = ["id", "name", "price", "amount", "note"];
const rows = makeRows(1_000);
const stopping = new AbortController();
let written = 0;
const begun = performance.now();

(async () => {
  for await (const _ of Deno.stdin.readable);
  stopping.abort();
})();
console.log("begun");

await runPipeline(Array.from({ length: TASKS + 1 }, (_, i) => i), {
  db: Deno.args[0]!,
  driver: "builtin",
  name: "load",
  workers: TASKS + 1,
  schema: ROWS_TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"),
  taskName: (i) => i === TASKS ? "clock" : `load ${i}`,
  async run(i, task) {
    let n = 0;
    while (!stopping.signal.aborted) {
      if (i === TASKS) {
        task.progress(0.5, `${Date.now()}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      for (let step = 0; step < 100; step++) task.progress((n++ % 1_000) / 1_000, `row ${n}`);
      // Updated in place, so that the file does not grow while it is measured.
      await task.insert("item", rows, { columns: COLUMNS, onConflict: ["id"] });
      written += rows.length;
    }
  },
});
console.log(Math.round(written / (performance.now() - begun) * 1_000));
