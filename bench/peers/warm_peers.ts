/**
 * Tasks that do nothing in processes that are warm, against the engine that stores as much, and the one that stores nothing.
 *
 * @module
 */
import { benchFolder, type Benchmark, byTurns, compared } from "../measure.ts";
import { inDeno } from "./engine_process.ts";

/** Processes of each engine: plainjob takes ten seconds for a round. */
const TURNS = 2;

export const warmPeers: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = 100_000 * scale;
  const rates = async (engine: string, rounds: number, dropped: number) => {
    const printed = await inDeno(engine, { tasks, rounds, path: folder.file() });
    return printed.slice(dropped).map(({ rate }) => rate);
  };
  const { ours, plainjob, queue } = await byTurns(TURNS, {
    ours: () => rates("pipeloom, open", 11, 3),
    plainjob: () => rates("plainjob", 2, 1),
    queue: () => rates("p-queue", 11, 3),
  });
  const common = { name: `${tasks.toLocaleString("en")} no-op tasks, warm`, unit: "tasks/s" };
  return [
    { ...common, ...compared(ours, "plainjob", plainjob), atLeast: 25 },
    { ...common, ...compared(ours, "p-queue", queue), atLeast: 0.6 },
  ];
};
