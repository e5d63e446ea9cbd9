/**
 * Another engine with the tasks of `nats.ts`: BullMQ on Redis, where both are installed. It is not a dependency of this
 * package: `deno task bench --only=peers --peers=FOLDER` names a folder in which `npm install bullmq ioredis` was run.
 *
 * What is compared is not the same: BullMQ runs a function in its own process and stores jobs in memory; pipeloom
 * runs it in Workers and commits a row for each task.
 *
 * @module
 */
import { isInstalled } from "../tests/support/child.ts";
import { type Benchmark, type Measurement, median } from "./measure.ts";
import { processorTime } from "./nats_workers.ts";

/** What `bullmq.mjs` prints. */
interface Printed {
  rate: number;
  processorUs: number;
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

/** BullMQ with tasks that do nothing, and tasks that wait. */
export function peers(folder: string | undefined): Benchmark {
  return async (scale) => {
    const hasAll = (await Promise.all(["redis-server", "node"].map(isInstalled))).every(Boolean);
    if (folder === undefined || !hasAll) {
      console.error("BullMQ is not measured: it needs redis-server, node and --peers=<folder>");
      return [];
    }
    const measurements: Measurement[] = [];
    for (const [ms, count, slots] of [[0, 20_000, 64], [100, 3_200, 64]] as const) {
      const all: Printed[] = [];
      for (let round = 0; round < (scale < 1 ? 1 : 3); round++) {
        await using redis = await startRedis();
        const tasks = Math.max(64, Math.round(count * scale));
        const script = new URL("bullmq.mjs", import.meta.url).pathname;
        const { success, stdout, stderr } = await new Deno.Command("node", {
          args: [script, folder, `${redis.port}`, `${tasks}`, `${ms}`, `${slots}`],
        }).output();
        if (!success) throw new Error(new TextDecoder().decode(stderr));
        const printed = JSON.parse(new TextDecoder().decode(stdout)) as Printed;
        printed.processorUs += processorTime([redis.pid]) / tasks;
        all.push(printed);
      }
      const what = ms === 0 ? "No-op tasks" : `Tasks of ${ms} ms`;
      measurements.push({
        name: `${what} on BullMQ and Redis, ${slots} at once`,
        value: median(all.map(({ rate }) => rate)),
        unit: "tasks/s",
        ...(ms === 0 ? {} : { baseline: { name: "ideal", value: slots / ms * 1_000 } }),
      }, {
        name: `Processor time of a task of ${ms} ms on BullMQ and Redis`,
        value: median(all.map(({ processorUs }) => processorUs)),
        unit: "µs",
      });
    }
    return measurements;
  };
}
