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

const COLUMNS = ["station", "day", "celsius"] as const;

/** A number as people write it: not blank, not hexadecimal, not infinite. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** The rows of a file, whose first line is `station,day,celsius`, in any order. */
async function* readRows(path: string, task: TaskContext) {
  const file = await Deno.open(path);
  const { size } = await file.stat();
  const refuse = (line: number, reason: string): never => {
    throw new TypeError(`Line ${line} of ${path}: ${reason}`);
  };
  let hasHeader = false;
  const columns = (header: string[]) => {
    hasHeader = true;
    const names = header.map((name) => name.trim());
    if ([...names].sort().join() !== [...COLUMNS].sort().join()) {
      refuse(1, `the columns are ${names.join(", ")}; expected ${COLUMNS.join(", ")}, each once`);
    }
    return names;
  };
  const parser = Readable.fromWeb(file.readable).pipe(parse({ columns, bom: true, info: true }));
  for await (const { record, info } of parser) {
    const reading = record as Record<typeof COLUMNS[number], string>;
    for (const name of COLUMNS) {
      const cell = reading[name];
      if (cell.trim() === "") refuse(info.lines, `${name} is blank`);
      // What bytes become that are not UTF-8, such as those of Latin-1.
      if (/[\ufffd\0]/.test(cell)) {
        refuse(info.lines, `${name} is "${cell}", which is not UTF-8 text`);
      }
    }
    const { station, day, celsius } = reading;
    if (!NUMBER.test(celsius) || !Number.isFinite(Number(celsius))) {
      refuse(info.lines, `"${celsius}" is not a temperature`);
    }
    task.progress(info.bytes, size);
    yield { station, day, celsius: Number(celsius) };
  }
  if (!hasHeader) refuse(1, "the file is empty");
}

const files = (await Array.fromAsync(Deno.readDir(folder)))
  .filter(({ isDirectory, name }) => !isDirectory && /\.csv$/i.test(name))
  .map(({ name }) => name).sort();

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
