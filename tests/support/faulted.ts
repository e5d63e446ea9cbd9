/**
 * A pipeline in a child process that something happens to: what it acknowledged, how it ended, what it printed.
 *
 * @module
 */
import { connectReadOnly } from "../../db.ts";
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { ROOT } from "./child.ts";
import { IS_LONG } from "./long_form.ts";
import type { FaultedOptions } from "../fixtures/faulted.ts";
import type { HazardOptions } from "../fixtures/hazards.ts";
import { ffiFlags } from "./spawn.ts";

/** Tasks of a pipeline, and rows of each; the first writes more while it is held. */
export const TASKS = IS_LONG ? 150 : 50;
const LINES = 3;

/** Milliseconds after which a child that has not ended is taken for one that never will. */
const LATEST_MS = 120_000;

/** The options of a child, and how it is started. */
export interface VictimOptions extends Partial<HazardOptions> {
  db: string;
  driver: FaultedOptions["driver"];
  /** The folder that it may read and write. */
  folder: string;
  /** A command that starts it; its words come before `deno`. */
  prefix?: string[] | undefined;
  /** Environment variables beside those of this process. */
  env?: Record<string, string> | undefined;
  /** Its program; `hazards.ts` has tasks that fail for good. */
  fixture?: "faulted.ts" | "hazards.ts";
  /** Megabytes of its heap. */
  heapMb?: number;
}

/** The options of a child that has a hazard in it. */
export function hazardous(
  folder: { path: string; file(name: string): string },
  more: Pick<VictimOptions, "driver"> & Partial<VictimOptions>,
): VictimOptions {
  return { folder: folder.path, db: folder.file("a.db"), fixture: "hazards.ts", ...more };
}

/** How a child ended. */
export interface Ending {
  code: number;
  signal: Deno.Signal | null;
  /** What it wrote to stderr. */
  stderr: string;
  /** Milliseconds since {@linkcode Victim.mark}, or its start. */
  ms: number;
}

/** A pipeline in a process of its own. */
export class Victim implements AsyncDisposable {
  /** The rows that were acknowledged, as "item.line". */
  readonly acknowledged: string[] = [];
  /** What it printed in the end. */
  counts: Record<string, number> | undefined;
  /** What else it printed. */
  readonly news: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #hold: string;
  readonly #read: Promise<void>;
  readonly #stderr: Promise<string>;
  readonly #waiting = new Set<{ isThere: () => boolean; resolve: () => void }>();
  #since = performance.now();

  constructor(
    { folder, prefix = [], env = {}, fixture = "faulted.ts", heapMb, ...options }: VictimOptions,
  ) {
    this.#hold = `${folder}/hold`;
    const settings = { tasks: TASKS, lines: LINES, size: 100, ...options, hold: this.#hold };
    const [command, ...args] = [
      ...prefix,
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--no-lock",
      "--no-check",
      "--cached-only",
      `--allow-read=${folder},${decodeURIComponent(ROOT.pathname)}`,
      `--allow-write=${folder}`,
      ...(heapMb ? [`--v8-flags=--max-old-space-size=${heapMb}`] : []),
      ...ffiFlags(),
      new URL(`tests/fixtures/${fixture}`, ROOT).href,
      JSON.stringify(settings),
    ];
    this.#child = new Deno.Command(command!, {
      args,
      cwd: ROOT,
      env: { NO_COLOR: "1", ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = this.#readLines();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  /** Starts a child whose first task continues writing until {@linkcode release}. */
  static held(options: VictimOptions): Victim {
    Deno.writeTextFileSync(`${options.folder}/hold`, "");
    return new Victim(options);
  }

  /** Lets the first task end. */
  release(): void {
    Deno.removeSync(this.#hold);
  }

  /** Counts the time from now: something is going wrong. */
  mark(): void {
    this.#since = performance.now();
  }

  /** Resolves when this many more rows are acknowledged, or when it has ended. */
  async more(count: number): Promise<void> {
    const all = this.acknowledged.length + count;
    await this.#until(() => this.acknowledged.length >= all);
  }

  /** Resolves when it has printed this, or when it has ended. */
  async printed(news: string): Promise<void> {
    await this.#until(() => this.news.includes(news));
  }

  /** Resolves when its pipeline has ended, or it has. */
  get ended(): Promise<void> {
    return this.#until(() => this.counts !== undefined);
  }

  async #until(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ isThere, resolve });
    await Promise.race([promise, this.#read]);
  }

  /** The id of its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended; fails when it does not, or by another signal than these. */
  async end(signals: readonly Deno.Signal[] = ["SIGKILL"]): Promise<Ending> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), LATEST_MS);
    const { code, signal } = await this.#child.status;
    clearTimeout(timer);
    await this.#read;
    const stderr = await this.#stderr;
    assert(signal === null || signals.includes(signal), `It ended with ${signal}: ${stderr}`);
    return { code, signal, stderr, ms: performance.now() - this.#since };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([this.#child.status, this.#read, this.#stderr]);
  }

  async #readLines(): Promise<void> {
    let text = "";
    for await (const part of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("done ")) this.counts = JSON.parse(line.slice(5));
        else if (/^\d+\.\d+$/.test(line)) this.acknowledged.push(line);
        else this.news.push(line);
      }
      for (const waiting of this.#waiting) {
        if (!waiting.isThere()) continue;
        this.#waiting.delete(waiting);
        waiting.resolve();
      }
    }
  }
}

/** Tasks that are done without each of their rows. */
const HALVES = `SELECT key FROM task_runs
  LEFT JOIN (SELECT item, count(*) AS n FROM line GROUP BY item) ON item = CAST(key AS INTEGER)
  WHERE status = 'done' AND coalesce(n, 0) < CAST(json_extract(result, '$.lines') AS INTEGER)`;

/** Checks that a file is whole, has all that was acknowledged, and no task that is half there. */
export async function assertKept(db: string, acknowledged: readonly string[]): Promise<void> {
  using reader = await connectReadOnly(db);
  assertEquals(reader.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
  const rows = new Set(
    reader.prepare("SELECT item || '.' || line AS name FROM line").all().map(({ name }) => name),
  );
  assertEquals(acknowledged.filter((name) => !rows.has(name)), [], "Rows were lost");
  assertEquals(reader.prepare(HALVES).all(), []);
}

/** Continues the run; checks that it ends right, and that nothing was lost on the way. */
export async function assertResumes(
  options: VictimOptions,
  acknowledged: readonly string[],
): Promise<void> {
  await using child = new Victim(options);
  const { code, stderr } = await child.end();
  assertEquals([code, stderr], [0, ""]);
  const { tasks = TASKS, lines = LINES, db } = options;
  assertEquals(child.counts?.done, tasks);
  await assertKept(db, [...acknowledged, ...child.acknowledged]);
  using reader = await connectReadOnly(db);
  const get = (sql: string) => Object.values(reader.prepare(sql).get()!);
  assertEquals(get(`SELECT count(*), count(DISTINCT item) FROM line WHERE line < ${lines}`), [
    tasks * lines,
    tasks,
  ]);
  assertEquals(get("SELECT count(*), sum(status = 'done') FROM task_runs"), [tasks, tasks]);
  assertEquals(get("SELECT count(*), status, running, done FROM pipeline_runs"), [
    1,
    "done",
    0,
    tasks,
  ]);
}

/** Checks that a child failed by itself, with an error that has these words; returns the error's line. */
export function assertFailed({ code, stderr }: Ending, ...words: string[]): string {
  const line = stderr.split("\n")[0]!.replace("error: Uncaught (in promise) ", "");
  assertEquals(code, 1, stderr);
  for (const word of words) assertStringIncludes(line, word);
  return line;
}

/** Prints what a fault did: for `docs/measurements.md`. */
export function printFault(
  fault: string,
  { driver, folder }: VictimOptions,
  { acknowledged }: Victim,
  { code, ms, stderr }: Ending,
): void {
  const line = stderr.split("\n")[0]!.replace("error: Uncaught (in promise) ", "")
    .replaceAll(folder, "…");
  console.log(
    `${fault} (${driver}): ${acknowledged.length} rows acknowledged, exit code ${code} after ` +
      `${Math.round(ms)} ms ${line}`,
  );
}
