/**
 * Tasks on workers over NATS, with 1, 2 and 4 worker processes, against the local pool: a real `nats-server` on
 * loopback, so all of them share the processors of one machine.
 *
 * A rate is that of the middle of a run, between the ends of a quarter and of nineteen twentieths of its tasks: the
 * start of the Workers, which each run needs once, is listed apart. Processor time is that of all processes together,
 * and is more precise than rates where the machine has other things to do.
 *
 * @module
 */
import { type PipelineOptions, runPipeline } from "../mod.ts";
import { natsExecutor } from "../nats.ts";
import { hasNats, NatsServer } from "../tests/support/nats_server.ts";
import { readValues } from "../tests/support/read.ts";
import { benchFolder, type Benchmark, type Measurement, median } from "./measure.ts";
import { MODULE, processorTime, residentMemory, startWorkers } from "./nats_workers.ts";

const SCHEMA = "CREATE TABLE IF NOT EXISTS rows (n INTEGER, text TEXT)";

/** Tasks that wait at once, over all workers. */
const SLOTS = 64;

/** Tasks that do nothing at once: they wait for no network, so more threads than these only share processors. */
const NOOP_SLOTS = 4;

/** Tasks that a run has offered beyond the slots: half as many for those that wait, hundreds for those that do not. */
const [OFFERED, NOOP_OFFERED] = [1.5 * SLOTS, 512];

/** What was measured of a run. */
interface Figures {
  /** Tasks per second in its middle. */
  rate: number;
  /** Milliseconds to the first end of a task. */
  startMs: number;
  elapsedMs: number;
  /** Microseconds of processor time for each task, by process: this one, the server, each worker. */
  processorUs: number[];
}

export const natsTasks: Benchmark = async (scale) => {
  if (!hasNats) {
    console.error("nats-server is not installed: tasks over NATS are not measured");
    return [];
  }
  await using server = await NatsServer.start();
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  const executor = natsExecutor({ servers: server.url });
  const rounds = scale < 1 ? 1 : 3;
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

  const noops = repeat(10_000 * scale, 0);
  const short = repeat(3_200 * scale, 10);
  const long = repeat(1_920 * scale, 100);
  const rows = Math.round(400_000 * scale);
  const pool = await repeated(() => run(noops, "noop", { workers: 2 }));
  // As many threads as over NATS share the processors, which tasks of 10 ms feel.
  const local = await repeated(() => run(short, "wait", { workers: SLOTS }));
  measurements.push({
    name: "No-op tasks",
    at: "Local pool",
    value: pool.rate,
    unit: "tasks/s",
  });
  for (const count of scale < 1 ? [1] : [1, 2, 4]) {
    const at = count === 1 ? "1 process" : `${count} processes`;
    console.error(`Over NATS: ${at}`);
    {
      await using workers = await startWorkers(server.url, count, NOOP_SLOTS / count);
      const over = { executor, workers: NOOP_OFFERED };
      const { rate, processorUs } = await repeated(() => run(noops, "noop", over, workers));
      const [coordinator, broker, ...ofWorkers] = processorUs;
      const baseline = { name: "local pool", value: sum(pool.processorUs) };
      measurements.push(
        {
          name: "No-op tasks",
          at,
          value: rate,
          unit: "tasks/s",
          ...(count === 1 ? { atLeast: 5_000 } : {}),
        },
        {
          name: "Processor time of a no-op task",
          at,
          value: sum(processorUs),
          unit: "µs",
          baseline,
        },
        {
          name: "of that, the coordinator with its writer",
          at,
          value: coordinator!,
          unit: "µs",
        },
        { name: "of that, the server", at, value: broker!, unit: "µs" },
        { name: "of that, the workers", at, value: sum(ofWorkers), unit: "µs" },
      );
    }
    await using workers = await startWorkers(server.url, count, SLOTS / count);
    const over = { executor, workers: OFFERED };
    const tens = await repeated(() => run(short, "wait", over, workers));
    const hundreds = await repeated(() => run(long, "wait", over, workers));
    const { elapsedMs } = await repeated(() =>
      run([rows / 4, rows / 4, rows / 4, rows / 4], "write", over, workers)
    );
    measurements.push(
      {
        name: `Tasks of 10 ms, ${SLOTS} at once`,
        at,
        value: tens.rate,
        unit: "tasks/s",
        baseline: { name: `local pool of ${SLOTS}`, value: local.rate },
      },
      {
        name: `Tasks of 100 ms, ${SLOTS} at once`,
        at,
        value: hundreds.rate,
        unit: "tasks/s",
        // Were nothing lost: as many as run at once, by the time of a task.
        baseline: { name: "ideal", value: SLOTS / 100 * 1_000 },
        atLeast: 0.9,
      },
      {
        name: `Start of ${SLOTS} Workers, to the first end of a task of 100 ms`,
        at,
        value: hundreds.startMs,
        unit: "ms",
      },
      {
        name: "Rows",
        at,
        value: rows / elapsedMs * 1_000,
        unit: "rows/s",
        ...(count === 1 ? { atLeast: 200_000 } : {}),
      },
    );
  }
  if (scale === 1) measurements.push(...await memory(), await taken());
  return measurements;

  function repeat(count: number, item: number): number[] {
    return new Array<number>(Math.max(SLOTS, Math.round(count))).fill(item);
  }

  /** The medians of some rounds. */
  async function repeated(round: () => Promise<Figures>): Promise<Figures> {
    const all: Figures[] = [];
    for (let n = 0; n < rounds; n++) all.push(await round());
    const middle = (key: "elapsedMs" | "rate" | "startMs") => median(all.map((one) => one[key]));
    return {
      rate: middle("rate"),
      startMs: middle("startMs"),
      elapsedMs: middle("elapsedMs"),
      processorUs: all[0]!.processorUs.map((_, n) => median(all.map((one) => one.processorUs[n]!))),
    };
  }

  /** Measures one run. */
  async function run(
    items: number[],
    name: string,
    options: Pick<PipelineOptions<number>, "executor" | "workers">,
    workers: { children: readonly Deno.ChildProcess[] } = { children: [] },
  ): Promise<Figures> {
    const db = folder.file();
    const processes = [Deno.pid, server.pid, ...workers.children.map(({ pid }) => pid)];
    const before = processes.map((pid) => processorTime([pid]));
    const begin = Date.now();
    const { counts, elapsedMs } = await runPipeline(items, {
      db,
      driver: "builtin",
      schema: SCHEMA,
      run: { module: MODULE, export: name },
      ...options,
    });
    const processorUs = processes.map((pid, n) =>
      (processorTime([pid]) - before[n]!) / items.length
    );
    if (counts.done !== items.length) throw new Error(`${counts.done} of ${items.length} done`);
    const rows = await readValues(db, "SELECT finished_at FROM task_runs ORDER BY finished_at");
    const end = (part: number) =>
      Date.parse(String(rows[Math.floor(part * (rows.length - 1))]![0]));
    return {
      rate: 0.7 * items.length / Math.max(1, end(0.95) - end(0.25)) * 1_000,
      startMs: end(0) - begin,
      elapsedMs,
      processorUs,
    };
  }

  /** How memory grows over one run of many tasks. */
  async function memory(): Promise<Measurement[]> {
    console.error("Over NATS: memory");
    await using workers = await startWorkers(server.url, 1, NOOP_SLOTS);
    const processes = [Deno.pid, workers.children[0]!.pid];
    const figures: number[][] = [];
    const note = () => figures.push(processes.map((pid) => Math.round(residentMemory(pid))));
    function* items() {
      for (let n = 0; n < 100_000; n++) {
        if (n > 0 && n % 20_000 === 0) note();
        yield 0;
      }
    }
    await runPipeline(items(), {
      db: folder.file(),
      driver: "builtin",
      run: { module: MODULE, export: "noop" },
      executor,
      workers: NOOP_OFFERED,
    });
    note();
    return ["the coordinator", "a worker of 4 slots"].map((whose, n) => {
      const series = figures.map((figure) => figure[n]!);
      return {
        name: `Memory of ${whose} after each 20,000 of 100,000 tasks: ${series.join(", ")}`,
        at: "1 process",
        value: series.at(-1)!,
        unit: "MiB",
        baseline: { name: "after 40,000", value: series[1]! },
        atMost: 1.2,
      };
    });
  }

  /** From the kill of a worker to the begin of its task elsewhere. */
  async function taken(): Promise<Measurement> {
    console.error("Over NATS: the kill of a worker");
    const lease = 15_000;
    const db = folder.file();
    await using victim = await startWorkers(server.url, 1, 1);
    const running = runPipeline([2_000], {
      db,
      run: { module: MODULE, export: "wait" },
      executor: natsExecutor({ servers: server.url, leaseMs: lease }),
    });
    const starts = () =>
      readValues(db, "SELECT worker, started_at FROM task_runs WHERE status='running'").catch(
        () => [],
      );
    const begun = async (notBy?: unknown) => {
      for (;;) {
        const [row] = await starts();
        if (row?.[0] && row[0] !== notBy) return row[0];
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const first = await begun();
    await using _other = await startWorkers(server.url, 1, 1);
    const killedAt = performance.now();
    victim.children[0]!.kill("SIGKILL");
    await begun(first);
    const ms = performance.now() - killedAt;
    await running;
    return {
      name: "From the kill of a worker to its task's begin elsewhere, lease 15,000 ms",
      at: "1 process",
      value: ms,
      unit: "ms",
      atMost: lease + 1_000,
    };
  }
};
