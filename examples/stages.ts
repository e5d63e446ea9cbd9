/**
 * Fetches CSV files, loads each when it is there, and sums them up when all are loaded. Started again after a
 * failure, Ctrl-C or a crash it continues with what is missing; nothing that is done is done twice.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/stages.ts http://127.0.0.1:8000/oslo.csv
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";
import { parse } from "csv-parse/sync";

const FOLDER = "stages";

/** One task: what it is called, what has to be done before, and what it does. */
interface Stage {
  key: string;
  needs: string[];
  tags?: string[];
  run(task: TaskContext): Promise<unknown>;
}

/** An error that another attempt would not help. */
class HopelessError extends Error {}

async function fetchFile(url: string, path: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (response.status === 404) throw new HopelessError(`There is no ${url}`);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Under another name first, so that what has its own name is whole.
  await Deno.writeTextFile(`${path}.part`, text);
  await Deno.rename(`${path}.part`, path);
}

async function loadFile(path: string, task: TaskContext): Promise<{ rows: number }> {
  const records: { day: string; celsius: string }[] = parse(await Deno.readTextFile(path), {
    columns: true,
  });
  const rows = records.map(({ day, celsius }, i) => {
    if (!Number.isFinite(parseFloat(celsius))) {
      throw new HopelessError(`Row ${i + 1} of ${path}: "${celsius}" is not a temperature`);
    }
    return { path, day, celsius: Number(celsius) };
  });
  await task.insert("reading", rows, { onConflict: ["path", "day"] });
  return { rows: rows.length };
}

/** The stages of one file. */
function stagesOf(url: string): Stage[] {
  const name = new URL(url).pathname.split("/").at(-1)!.replace(/[^\w-]/g, "_");
  const path = `${FOLDER}/${name}`;
  return [
    {
      key: `fetch ${name}`,
      needs: [],
      tags: ["server"],
      run: ({ signal }) => fetchFile(url, path, signal),
    },
    { key: `load ${name}`, needs: [`fetch ${name}`], run: (task) => loadFile(path, task) },
  ];
}

const stages = Deno.args.flatMap(stagesOf);
stages.push({
  key: "sum up",
  needs: stages.map(({ key }) => key),
  run: (task) =>
    task.execute(`INSERT OR REPLACE INTO mean
                  SELECT path, count(*), avg(celsius) FROM reading GROUP BY path`),
});

await Deno.mkdir(FOLDER, { recursive: true });
const report = await runPipeline(stages, {
  db: "stages.db",
  name: "stages",
  schema: [
    "CREATE TABLE IF NOT EXISTS reading (path TEXT, day TEXT, celsius REAL, PRIMARY KEY (path, day))",
    "CREATE TABLE IF NOT EXISTS mean (path TEXT PRIMARY KEY, days INTEGER, celsius REAL)",
  ],
  // The rows of a task and its end are one commit, so a crash leaves both or neither.
  atomic: true,
  // Continues the last run, unless that is done.
  resume: true,
  dependsOn: ({ needs }) => needs,
  // The server is asked for two files at once, and ten in a second.
  tags: ({ tags = [] }) => tags,
  limits: { server: { concurrency: 2, rate: 10 } },
  retries: 2,
  retryDelayMs: 100,
  retryIf: (error) => !(error instanceof HopelessError),
  timeoutMs: 30_000,
  progress: true,
  run: (stage, task) => stage.run(task),
});
console.log(report.status, report.counts);
for (const { name, error } of report.failures) console.log(`${name}: ${error.message}`);
if (report.status !== "done") Deno.exitCode = 1;
