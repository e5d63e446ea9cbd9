/**
 * Tasks that do nothing in processes that are warm, against the engine that stores as much: each has run them all once.
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
  const rates = async (engine: string, rounds: number) => {
    const printed = await inDeno(engine, { tasks, rounds, path: folder.file() });
    return printed.slice(1).map(({ rate }) => rate);
  };
  const { ours, plainjob } = await byTurns(TURNS, {
    ours: () => rates("pipeloom, open", 6),
    plainjob: () => rates("plainjob", 2),
  });
  return [{
    name: `${tasks.toLocaleString("en")} no-op tasks, warm`,
    unit: "tasks/s",
    ...compared(ours, "plainjob", plainjob),
    atLeast: 25,
  }];
};
