/**
 * Tasks on workers over NATS, with 1, 2 and 4 worker processes, against the local pool: a real `nats-server` on
 * loopback, so all of them share the processors of one machine.
 *
 * @module
 */
import { type PipelineOptions, runPipeline } from "../mod.ts";
import { natsExecutor } from "../nats.ts";
import { hasNats, NatsServer } from "../tests/support/nats_server.ts";
import { readValues } from "../tests/support/read.ts";
import { alternate, benchFolder, type Benchmark, type Measurement } from "./measure.ts";

const MODULE = new URL("nats_tasks.ts", import.meta.url);
const SCHEMA = "CREATE TABLE IF NOT EXISTS rows (n INTEGER, text TEXT)";

/** Tasks at once, over all workers. */
const SLOTS = 64;

/** Starts worker processes; resolves when all of them are connected. */
async function startWorkers(servers: string, count: number, slots: number) {
  const children = Array.from({ length: count }, () =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-prompt",
        "--allow-read",
        "--allow-net=127.0.0.1",
        "--allow-sys=hostname",
        new URL("../cli.ts", import.meta.url).href,
        "worker",
        decodeURIComponent(MODULE.pathname),
        "--nats",
        servers,
        "-w",
        `${slots}`,
      ],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn());
  await Promise.all(children.map(async ({ stderr }) => {
    const lines = stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("Connected")) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`A worker ended:\n${text}`);
      text += value;
    }
    void (async () => {
      while (!(await lines.read()).done);
    })();
  }));
  return {
    children,
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await child.status;
      }
    },
  };
}

export const natsTasks: Benchmark = async (scale) => {
  if (!hasNats) {
    console.error("nats-server is not installed: tasks over NATS are not measured");
    return [];
  }
  await using server = await NatsServer.start();
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  const run = async (
    items: number[],
    name: string,
    options: Pick<PipelineOptions<number>, "executor" | "workers"> & { rows?: number },
  ): Promise<number> => {
    const { rows, ...rest } = options;
    const { counts, elapsedMs } = await runPipeline(items, {
      db: folder.file(),
      driver: "builtin",
      schema: SCHEMA,
      run: { module: MODULE, export: name },
      ...rest,
    });
    if (counts.done !== items.length) throw new Error(`${counts.done} of ${items.length} done`);
    return (rows ?? items.length) / elapsedMs * 1_000;
  };
  const executor = () => natsExecutor({ servers: server.url });
  const repeat = (count: number, item: number) =>
    new Array<number>(Math.max(SLOTS, Math.round(count))).fill(item);

  const noops = repeat(20_000 * scale, 0);
  const tens = repeat(10_000 * scale, 10);
  const hundreds = repeat(3_200 * scale, 100);
  // Per second, were nothing lost: the time of a task, by as many as run at once.
  const ideal = (ms: number) => SLOTS / ms * 1_000;
  const { pool } = await alternate(scale < 1 ? 1 : 3, {
    pool: () => run(noops, "noop", { workers: 2 }),
  });
  for (const count of scale < 1 ? [1] : [1, 2, 4]) {
    await using _ = await startWorkers(server.url, count, SLOTS / count);
    const over = { executor: executor(), workers: SLOTS };
    const rows = Math.round(400_000 * scale);
    const figures = await alternate(scale < 1 ? 1 : 3, {
      noop: () => run(noops, "noop", { ...over, workers: 4 * SLOTS }),
      ten: () => run(tens, "wait", over),
      hundred: () => run(hundreds, "wait", over),
      rows: () => run([rows / 4, rows / 4, rows / 4, rows / 4], "write", { ...over, rows }),
    });
    const of = count === 1 ? "1 worker process" : `${count} worker processes`;
    measurements.push(
      {
        name: `No-op tasks over NATS, ${of}`,
        value: figures.noop,
        unit: "tasks/s",
        baseline: { name: "local pool", value: pool },
      },
      {
        name: `Tasks of 10 ms over NATS, ${SLOTS} at once, ${of}`,
        value: figures.ten,
        unit: "tasks/s",
        baseline: { name: "ideal", value: ideal(10) },
      },
      {
        name: `Tasks of 100 ms over NATS, ${SLOTS} at once, ${of}`,
        value: figures.hundred,
        unit: "tasks/s",
        baseline: { name: "ideal", value: ideal(100) },
        atLeast: 0.9,
      },
      {
        name: `Rows over NATS, ${of}`,
        value: figures.rows,
        unit: "rows/s",
        ...(count === 1 ? { atLeast: 200_000 } : {}),
      },
    );
    if (count === 1) {
      measurements.push({
        name: "No-op tasks over NATS",
        value: figures.noop,
        unit: "tasks/s",
        atLeast: 5_000,
      });
    }
  }
  if (scale === 1) measurements.push(...await memory(), await taken());
  return measurements;

  /** How memory grows over many tasks. */
  async function memory(): Promise<Measurement[]> {
    await using workers = await startWorkers(server.url, 1, SLOTS);
    const pid = workers.children[0]!.pid;
    const rss = () =>
      Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
    const over = { executor: executor(), workers: 4 * SLOTS };
    const figures: [ours: number, theirs: number][] = [];
    for (let round = 0; round < 5; round++) {
      await run(repeat(20_000, 0), "noop", over);
      figures.push([Deno.memoryUsage().rss / 1024 ** 2, rss()]);
    }
    const [[oursBefore, theirsBefore], [ours, theirs]] = [figures[0]!, figures.at(-1)!];
    const name = (whose: string) => `Memory of ${whose} after 100,000 tasks over NATS`;
    return [
      {
        name: name("the coordinator"),
        value: ours,
        unit: "MiB",
        baseline: { name: "after 20,000", value: oursBefore },
        atMost: 1.2,
      },
      {
        name: name("a worker"),
        value: theirs,
        unit: "MiB",
        baseline: { name: "after 20,000", value: theirsBefore },
        atMost: 1.2,
      },
    ];
  }

  /** From the kill of a worker to the begin of its task elsewhere. */
  async function taken(): Promise<Measurement> {
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
      value: ms,
      unit: "ms",
      atMost: lease + 1_000,
    };
  }
};
