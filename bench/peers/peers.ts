/**
 * Other engines with the same tasks, each in a fresh process: those that do nothing, and for BullMQ those that wait, too.
 * plainjob, openworkflow and p-queue run under Deno; better-queue and BullMQ under Node, where that, npm and redis-server are
 * installed.
 *
 * What is compared is not the same: p-queue stores nothing, BullMQ stores jobs in the memory of Redis, and better-queue
 * turns off SQLite's syncs. pipeloom commits the status, the times and the result of each task.
 *
 * @module
 */
import { isInstalled } from "../../tests/support/child.ts";
import { benchFolder, type Benchmark, type Measurement, median } from "../measure.ts";
import { processorTime } from "../nats_workers.ts";
import { inDeno, output, type Printed, programPath } from "./engine_process.ts";
import { NODE_PACKAGES } from "./packages.ts";

const TASKS = 10_000;

/** Tasks of an engine whose commits are synced to the disk, a few for each task. */
const SYNCED_TASKS = 200;

const ROUNDS = 5;

/** This project among them. */
const OURS = "pipeloom, SQLite";

const RATE = "Rate";

export const peers: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = Math.max(20, TASKS * scale);
  const engines: Record<string, () => Promise<Printed>> = {
    [OURS]: () => deno("pipeloom", tasks),
    "p-queue, in memory": () => deno("p-queue", tasks),
    "plainjob, SQLite": () => deno("plainjob", tasks),
    "openworkflow, SQLite": () => deno("openworkflow", Math.max(20, SYNCED_TASKS * scale)),
  };
  const measurements: Measurement[] = [];
  if (await hasAll("node", "npm")) {
    const installed = await install(folder.file(), "better-queue");
    engines["better-queue, SQLite without syncs"] = () =>
      program("node", programPath("better_queue.mjs"), installed, `${tasks}`, folder.file());
  }
  const all = new Map<string, Printed[]>();
  for (let round = 0; round < (scale < 1 ? 1 : ROUNDS); round++) {
    for (const [name, run] of Object.entries(engines)) {
      all.set(name, [...all.get(name) ?? [], await run()]);
    }
  }
  for (const [name, printed] of all) measurements.push(...figuresOf(name, printed, all));
  if (await hasAll("node", "npm", "redis-server")) {
    const installed = await install(folder.file(), "bullmq");
    const rounds = async (count: number, ms: number) => {
      const printed: Printed[] = [];
      for (let round = 0; round < (scale < 1 ? 1 : ROUNDS); round++) {
        printed.push(await onRedis(installed, Math.max(64, Math.round(count * scale)), ms));
      }
      return printed;
    };
    measurements.push(
      ...figuresOf("BullMQ, Redis in memory, 64 at once", await rounds(20_000, 0), all),
    );
    measurements.push({
      name: "BullMQ, tasks of 100 ms, 64 at once",
      value: median((await rounds(3_200, 100)).map(({ middleRate }) => middleRate!)),
      unit: "tasks/s",
      at: RATE,
      baseline: { name: "ideal", value: 640 },
    });
  }
  return measurements;

  async function deno(name: string, count: number): Promise<Printed> {
    const [printed] = await inDeno(name, { tasks: count, path: folder.file() });
    return printed!;
  }
};

function figuresOf(
  name: string,
  printed: readonly Printed[],
  all: ReadonlyMap<string, readonly Printed[]>,
): Measurement[] {
  const rateOf = (list: readonly Printed[]) => median(list.map(({ rate }) => rate));
  const processorUs = median(printed.map(({ processorUs }) => processorUs));
  const measurements = [
    { name, at: RATE, value: rateOf(printed), unit: "tasks/s" },
    { name, at: "Processor, a task", value: processorUs, unit: "µs" },
  ];
  if (name === OURS) return measurements;
  const times = rateOf(all.get(OURS)!) / rateOf(printed);
  return [...measurements, { name, at: "pipeloom does", value: times, unit: "times as many" }];
}

async function hasAll(...programs: string[]): Promise<boolean> {
  const missing: string[] = [];
  for (const name of programs) if (!await isInstalled(name)) missing.push(name);
  if (missing.length > 0) console.error(`Not installed, so left out: ${missing.join(", ")}`);
  return missing.length === 0;
}

/** Installs what an engine needs, and returns the folder. */
async function install(path: string, engine: string): Promise<string> {
  console.error(`npm install ${NODE_PACKAGES[engine]!.join(" ")}`);
  Deno.mkdirSync(path);
  await output("npm", [
    ...["install", "--silent", "--no-audit", "--no-fund", "--prefix", path],
    ...NODE_PACKAGES[engine]!,
  ]);
  return path;
}

async function program(command: string, ...args: string[]): Promise<Printed> {
  return JSON.parse(await output(command, args));
}

async function onRedis(folder: string, tasks: number, ms: number): Promise<Printed> {
  await using redis = await startRedis();
  const args = [folder, `${redis.port}`, `${tasks}`, `${ms}`, "64"];
  const printed = await program("node", programPath("bullmq.mjs"), ...args);
  printed.processorUs += processorTime([redis.pid]) / tasks;
  return printed;
}

/** A Redis that stores nothing on disk, on a free port. */
async function startRedis() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = new Deno.Command("redis-server", { args, stdout: "piped", stderr: "null" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Ready to accept connections");) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`redis-server ended:\n${text}`);
    text += value;
  }
  void lines.cancel();
  return {
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}
