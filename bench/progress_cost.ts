/**
 * What bars on the terminal cost a pipeline: tasks that do nothing, with and without them. The rounds run in a
 * process of their own, whose terminal is nowhere.
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "../mod.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

const TASKS = 100_000;

const ROUNDS = 15;

async function speed(tasks: number, progress: boolean): Promise<number> {
  using folder = benchFolder();
  await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
  const { elapsedMs } = await runPipeline(Array.from({ length: tasks }, (_, i) => i), {
    db: writer,
    workers: 2,
    progress: progress && { bars: true },
    run: () => {},
  });
  return tasks / elapsedMs * 1000;
}

export const progressCost: Benchmark = async (scale) => {
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", import.meta.filename!, `${scale}`],
    stderr: "null",
  }).output();
  if (code !== 0) throw new Error(`The rounds ended with exit code ${code}`);
  const { none, bars } = JSON.parse(new TextDecoder().decode(stdout));
  return [{
    name: `${(TASKS * scale).toLocaleString("en")} no-op tasks, bars on the terminal`,
    value: bars,
    unit: "tasks/s",
    baseline: { name: "no bars", value: none },
    atLeast: 0.98,
  }];
};

if (import.meta.main) {
  const tasks = TASKS * Number(Deno.args[0]);
  const figures = await alternate(ROUNDS, {
    none: () => speed(tasks, false),
    bars: () => speed(tasks, true),
  });
  console.log(JSON.stringify(figures));
}
