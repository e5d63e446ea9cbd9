/**
 * Loads some sixty real files into one SQLite file, one task per file and one table per task. One file is
 * broken on purpose: its task ends as `error`, all others are loaded.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1 examples/datasets/main.ts --db datasets.db
 * ```
 *
 * Exits with 0 if everything but the broken file was loaded, with 1 if anything else failed, and with 2 if
 * the arguments were wrong. Run again, it replaces the tables and adds to the history in `task_runs`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { runPipeline } from "../../mod.ts";
import { BROKEN_FILE, fetchSources, SOURCES } from "./sources.ts";
import { watched } from "../watched.ts";
import { formatSummary, readSummary } from "./summary.ts";

const USAGE = "Usage: main.ts [--db PATH] [--workers N] [--port N]";

/** What the command line asks for. */
interface Options {
  db: string;
  workers: number;
  port: number;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  await fetchSources();
  return await watched(options, () => loadAll(options));
}

async function loadAll({ db, workers }: Options): Promise<number> {
  const report = await runPipeline(SOURCES, {
    db,
    name: "datasets",
    workers,
    run: { module: new URL("./load.ts", import.meta.url), export: "load" },
  });

  console.log(formatSummary(readSummary(db, report.runId!), report.elapsedMs));
  for (const { name, error } of report.failures) {
    console.log(
      `${name === BROKEN_FILE ? "Expected failure" : "Failure"} of ${name}: ${error.message}`,
    );
  }
  console.log(`Try: sqlite3 ${db} "SELECT count(*) FROM flights_200k"`);

  const { total, done, error } = report.counts;
  const expected = error === 1 && report.failures[0]?.name === BROKEN_FILE && done === total - 1;
  return expected ? 0 : 1;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      db: { type: "string", default: "datasets.db" },
      workers: { type: "string", default: String(navigator.hardwareConcurrency) },
      port: { type: "string", default: "8787" },
    },
  });
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`Cannot start ${values.workers} workers: give a whole number from 1`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Cannot listen on port ${values.port}: give a whole number to 65535`);
  }
  return { db: values.db, workers, port };
}
