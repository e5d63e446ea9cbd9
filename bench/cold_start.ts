/**
 * The start of a small run in a fresh process, as a user waits for it: import, Worker, new file, one task, close; against
 * the same rows written by plain `node:sqlite`. And how long `pipeloom --help` takes, against an empty program.
 *
 * @module
 */
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

/** What a run with one task leaves: its rows, each status in a commit of its own. */
const PLAIN = `
import { DatabaseSync } from "node:sqlite";
const begun = performance.now();
const database = new DatabaseSync(Deno.args[0]);
database.exec(\`PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
  CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT, status TEXT, progress REAL, message TEXT,
    started_at TEXT, finished_at TEXT, result TEXT);
  CREATE TABLE pipeline_runs (id INTEGER PRIMARY KEY, name TEXT, status TEXT, started_at TEXT, finished_at TEXT);
  INSERT INTO pipeline_runs VALUES (1, 'one', 'running', datetime(), NULL);
  INSERT INTO task_runs VALUES (1, '1', 'queued', 0, '', NULL, NULL, NULL);
  UPDATE task_runs SET status='running', started_at=datetime();
  UPDATE task_runs SET status='done', progress=1, finished_at=datetime();
  UPDATE pipeline_runs SET status='done', finished_at=datetime();\`);
database.close();
console.log(performance.now() - begun);
`;

const OURS = `
const begun = performance.now();
const { runPipeline } = await import("${import.meta.resolve("../mod.ts")}");
await runPipeline([1], { db: Deno.args[0], driver: "builtin", run: () => {} });
console.log(performance.now() - begun);
`;

/** Runs a program in a process of its own under the flags of the README, and returns what it printed. */
async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-prompt", "--allow-read", "--allow-write", ...args],
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`Cannot measure ${args[0]}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

export const coldStart: Benchmark = async (scale) => {
  using folder = benchFolder();
  const program = (name: string, source: string) => {
    const path = `${folder.file()}_${name}.ts`;
    Deno.writeTextFileSync(path, source);
    return path;
  };
  const [plain, ours, empty] = [
    program("plain", PLAIN),
    program("ours", OURS),
    program("empty", ""),
  ];
  const command = new URL("../cli.ts", import.meta.url).href;
  const timed = async (...args: string[]) => {
    const begun = performance.now();
    await run(...args);
    return performance.now() - begun;
  };
  const rounds = Math.max(1, Math.round(15 * scale));
  // Compiled once, as on every start but the first.
  for (const path of [plain, ours]) await run(path, folder.file());
  const first = await alternate(rounds, {
    plain: async () => Number(await run(plain, folder.file())),
    ours: async () => Number(await run(ours, folder.file())),
    empty: () => timed(empty),
    help: () => timed(command, "--help"),
  });
  return [
    {
      name: "One task on a new file in a fresh process, import included",
      value: first.ours,
      unit: "ms",
      baseline: { name: "the same rows, node:sqlite", value: first.plain },
      atMost: 5,
    },
    {
      name: "pipeloom --help",
      value: first.help,
      unit: "ms",
      baseline: { name: "an empty program", value: first.empty },
      atMost: 2,
    },
  ];
};
