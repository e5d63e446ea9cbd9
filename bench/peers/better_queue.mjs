// better-queue with its store on SQLite, for `peers.ts`: adds tasks that do nothing and works them off, under Node, for which
// its driver is made. Arguments: the folder in which it is installed, the number of tasks, and a new file. Prints one line of
// JSON.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, count, path] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const Queue = require("better-queue");
const Store = require("better-queue-sqlite");

const used = process.cpuUsage();
const begun = performance.now();
await new Promise((resolve, reject) => {
  let left = Number(count);
  const queue = new Queue((_task, done) => done(), { concurrent: 2, store: new Store({ path }) });
  queue.on("task_finish", () => --left === 0 && resolve());
  queue.on("task_failed", (_id, error) => reject(error));
  for (let i = 0; i < Number(count); i++) queue.push({ id: i });
});
const ms = performance.now() - begun;
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({
  rate: Number(count) / ms * 1_000,
  processorUs: (user + system) / Number(count),
}));
process.exit();
