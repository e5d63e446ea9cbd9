/**
 * The figures that were measured last, in `results.json`, by benchmark: when, with which Deno and SQLite, and on what
 * kind of machine.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { Measurement } from "../measure.ts";

const FILE = new URL("../results.json", import.meta.url);

/** The figures of one benchmark. */
export interface Result {
  /** The day, in UTC. */
  date: string;
  /** The version of Deno. */
  deno: string;
  /** The version of SQLite in `node:sqlite`. */
  sqlite: string;
  /** The kind of machine. */
  machine: string;
  measurements: Measurement[];
}

/** The figures of all benchmarks, by name. */
export type Results = Record<string, Result>;

/** Reads the figures that are kept. */
export function readResults(): Results {
  return JSON.parse(Deno.readTextFileSync(FILE));
}

/** Keeps the figures of a benchmark in place of its last ones. */
export function keep(name: string, measurements: Measurement[]): void {
  const results = readResults();
  results[name] = {
    date: new Date().toISOString().slice(0, 10),
    deno: Deno.version.deno,
    sqlite: sqliteVersion(),
    machine: machine(),
    measurements: measurements.map((one) => ({
      ...one,
      value: rounded(one.value),
      ...(one.baseline && { baseline: { ...one.baseline, value: rounded(one.baseline.value) } }),
    })),
  };
  const sorted = Object.fromEntries(
    Object.entries(results).sort(([a], [b]) => a < b ? -1 : 1),
  );
  Deno.writeTextFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Six digits: more are noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function sqliteVersion(): string {
  const database = new DatabaseSync(":memory:");
  const { version } = database.prepare("SELECT sqlite_version() AS version").get()!;
  database.close();
  return `${version}`;
}

function machine(): string {
  let cpu = "";
  try {
    const [, name] = /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo")) ?? [];
    if (name) cpu = `${name}, `;
  } catch {
    // Not Linux: the kind of machine is enough.
  }
  return `${Deno.build.target}, ${cpu}${navigator.hardwareConcurrency} cores`;
}
