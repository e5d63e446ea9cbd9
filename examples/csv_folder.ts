/**
 * Loads every CSV file of a folder into one table. Rows have a key, so that loading a folder again brings the
 * table up to date instead of doubling it. Of a file with a broken line nothing is loaded.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. examples/csv_folder.ts readings
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";
import { parse } from "csv-parse";
import { Readable } from "node:stream";

const [folder = "readings"] = Deno.args;

interface Reading {
  station: string;
  day: string;
  celsius: string;
}

/** The rows of a file, which says `station,day,celsius` in its first line. */
async function* readRows(path: string, task: TaskContext) {
  const file = await Deno.open(path);
  const { size } = await file.stat();
  const parser = Readable.fromWeb(file.readable).pipe(
    parse({ columns: true, bom: true, info: true }),
  );
  for await (const { record, info } of parser) {
    const { station, day, celsius } = record as Reading;
    if (!Number.isFinite(Number(celsius || NaN))) {
      throw new TypeError(`Line ${info.lines} of ${path}: "${celsius}" is no temperature`);
    }
    task.progress(info.bytes, size);
    yield { station, day, celsius: Number(celsius) };
  }
}

const files = (await Array.fromAsync(Deno.readDir(folder)))
  .filter(({ isFile, name }) => isFile && name.endsWith(".csv")).map(({ name }) => name).sort();

const report = await runPipeline(files, {
  db: "readings.db",
  name: "csv_folder",
  schema: `CREATE TABLE IF NOT EXISTS reading (
    station TEXT, day TEXT, celsius REAL, PRIMARY KEY (station, day))`,
  // All rows of a file are committed with its end, or none; they are in memory until then.
  atomic: true,
  progress: true,
  taskKey: (file) => file,
  run: (file, task) =>
    task.insert("reading", readRows(`${folder}/${file}`, task), { onConflict: ["station", "day"] }),
});
console.log(report.counts);
for (const { name, error } of report.failures) console.log(`${name}: ${error.message}`);
if (report.status !== "done") Deno.exitCode = 1;
