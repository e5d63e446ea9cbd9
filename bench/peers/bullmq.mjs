// BullMQ on Redis, for `peers.ts`: adds tasks and works them off in this process, under Node, for which it is made.
// Arguments: a folder in which bullmq and ioredis are installed, the port of Redis, the number of tasks, the milliseconds that
// each waits, and how many run at once. Prints one line of JSON.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, count, ms, concurrency] = process.argv.slice(2);
const { Queue, Worker } = createRequire(pathToFileURL(`${folder}/`))("bullmq");
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const queue = new Queue("tasks", { connection });
await queue.obliterate({ force: true });

const ends = [];
const begin = performance.now();
const used = process.cpuUsage();
for (let from = 0; from < count; from += 1_000) {
  const length = Math.min(1_000, count - from);
  await queue.addBulk(
    Array.from(
      { length },
      () => ({ name: "task", data: Number(ms), opts: { removeOnComplete: true } }),
    ),
  );
}
const worker = new Worker(
  "tasks",
  async ({ data }) => {
    if (data > 0) await new Promise((resolve) => setTimeout(resolve, data));
  },
  { connection, concurrency: Number(concurrency) },
);
await new Promise((resolve, reject) => {
  worker.on("completed", () => ends.push(performance.now()) === Number(count) && resolve());
  worker.on("error", reject);
});
const end = (part) => ends[Math.floor(part * (ends.length - 1))];
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({
  rate: count / (end(1) - begin) * 1_000,
  // Without the start and the end of the run.
  middleRate: 0.7 * count / (end(0.95) - end(0.25)) * 1_000,
  processorUs: (user + system) / count,
}));
await worker.close();
await queue.close();
