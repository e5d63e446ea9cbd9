/**
 * Tasks that do nothing: against a commit for each start and end, and against `p-queue`, which stores nothing. Each engine
 * has processes of its own, in turn with the others, so that none collects the garbage of another.
 *
 * - Warm: the rounds of a process after its first, with one writer that stays open. What it takes to start the Worker, to create the
 *   database and to close both is a line of its own.
 * - Cold: the first round of a process, with the start and the close, but without the imports.
 *
 * @module
 */
import { runPipeline } from "../mod.ts";
import {
  alternate,
  benchFolder,
  type Benchmark,
  byTurns,
  compared,
  type Measurement,
} from "./measure.ts";
import { inDeno } from "./peers/engine_process.ts";

/** Processes of each engine. */
const TURNS = 3;

/** Tasks of the commits: ten times as many take as long for each. */
const COMMITTED = 10_000;

export const noopTasks: Benchmark = async (scale) => {
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  const unit = "tasks/s";
  for (const tasks of [10_000 * scale, 100_000 * scale]) {
    const name = `${tasks.toLocaleString("en")} no-op tasks`;
    const isMany = tasks >= 100_000 * scale;
    const cold = (engine: string, count = tasks) => () => rates(engine, { tasks: count });
    const warm = (engine: string) => () => rates(engine, { tasks, rounds: 8, dropped: 3 });
    const figures = await byTurns(scale < 1 ? 1 : TURNS, {
      ours: warm("pipeloom, open"),
      commits: () => rates("commits", { tasks: COMMITTED * scale, rounds: 3, dropped: 1 }),
      queue: warm("p-queue"),
      coldOurs: cold("pipeloom"),
      coldCommits: cold("commits", COMMITTED * scale),
    });
    measurements.push(
      {
        name: `${name}, warm`,
        unit,
        ...compared(figures.ours, "commits", figures.commits),
        atLeast: 6,
      },
      {
        name: `${name}, warm`,
        unit,
        ...compared(figures.ours, "p-queue", figures.queue),
        // A small run is its start and its end.
        ...(isMany ? { atLeast: 0.6 } : {}),
      },
      {
        name: `${name}, cold`,
        unit,
        ...compared(figures.coldOurs, "commits, cold", figures.coldCommits),
        atLeast: isMany ? 18 : 8,
      },
    );
  }
  const { empty } = await alternate(9, {
    empty: async () =>
      (await runPipeline([], { db: folder.file(), driver: "builtin", run: () => {} })).elapsedMs,
  });
  measurements.push({ name: "Start and close, a new database", value: empty, unit: "ms" });
  return measurements;

  async function rates(
    engine: string,
    { tasks, rounds = 1, dropped = 0 }: { tasks: number; rounds?: number; dropped?: number },
  ): Promise<number[]> {
    const printed = await inDeno(engine, { tasks, rounds, path: folder.file() });
    return printed.slice(dropped).map(({ rate }) => rate);
  }
};
