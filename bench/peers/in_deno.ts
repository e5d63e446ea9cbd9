/**
 * One engine with tasks that do nothing, in a process of its own: `engine_process.ts` starts it with the engine's name, the
 * number of tasks, how many rounds and a path for new files, and reads the line that it prints. Specifiers are in variables,
 * so that the packages belong neither to this project's lock file nor to its type check.
 *
 * @module
 */
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import PQueue from "p-queue";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { commitEachMessage } from "../baselines.ts";
import type { Printed } from "./engine_process.ts";
import { PACKAGES } from "./packages.ts";

/** Tasks that run at once. */
const WORKERS = 2;

type Engine = (tasks: number, file: string) => Promise<number>;

/** The writer that all rounds share, as those of a program that keeps it open. */
let open: SqliteWriter | undefined;

/** Each runs its tasks and returns the milliseconds that it took. */
const ENGINES: Readonly<Record<string, Engine>> = {
  async pipeloom(tasks, file) {
    const items = Array.from({ length: tasks }, (_, i) => i);
    return await timed(() =>
      runPipeline(items, { db: file, driver: "builtin", workers: WORKERS, run: () => {} })
    );
  },

  async "pipeloom, open"(tasks, file) {
    const items = Array.from({ length: tasks }, (_, i) => i);
    open ??= await SqliteWriter.open({ db: file, driver: "builtin" });
    const { elapsedMs } = await runPipeline(items, { db: open, workers: WORKERS, run: () => {} });
    return elapsedMs;
  },

  commits(tasks, file) {
    return Promise.resolve(2 * tasks / commitEachMessage(file, tasks, 0) * 1_000);
  },

  async "p-queue"(tasks) {
    return await timed(async () => {
      const queue = new PQueue({ concurrency: WORKERS });
      for (let i = 0; i < tasks; i++) queue.add(async () => {});
      await queue.onIdle();
    });
  },

  async plainjob(tasks, file) {
    const { better, defineQueue, defineWorker } = await import(PACKAGES.plainjob);
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    const database = new DatabaseSync(file);
    return await timed(async () => {
      const queue = defineQueue({ connection: better(likeBetter(database)), logger: quiet });
      queue.addMany("task", Array.from({ length: tasks }, (_, i) => i));
      let left = tasks;
      const { promise, resolve } = Promise.withResolvers<void>();
      const onCompleted = () => void (--left === 0 && resolve());
      const workers = Array.from(
        { length: WORKERS },
        () => defineWorker("task", () => {}, { queue, logger: quiet, onCompleted }),
      );
      for (const worker of workers) void worker.start();
      await promise;
      await Promise.all(workers.map((worker) => worker.stop()));
      queue.close();
    });
  },

  async openworkflow(tasks, file) {
    const { OpenWorkflow } = await import(PACKAGES.openworkflow);
    const { BackendSqlite } = await import(`${PACKAGES.openworkflow}/sqlite`);
    const backend = BackendSqlite.connect(file);
    const engine = new OpenWorkflow({ backend });
    return await timed(async () => {
      let left = tasks;
      const { promise, resolve } = Promise.withResolvers<void>();
      const workflow = engine.defineWorkflow(
        { name: "task" },
        () => void (--left === 0 && resolve()),
      );
      for (let i = 0; i < tasks; i++) await workflow.run(i);
      const worker = engine.newWorker({ concurrency: WORKERS });
      await worker.start();
      await promise;
      await worker.stop();
      await backend.stop();
    });
  },
};

async function timed(work: () => unknown): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** `node:sqlite` with the methods of `better-sqlite3` that plainjob calls. */
function likeBetter(database: DatabaseSync) {
  const [begin, commit] = ["BEGIN IMMEDIATE", "COMMIT"].map((sql) => database.prepare(sql));
  return {
    name: "",
    pragma: (text: string) => database.exec(`PRAGMA ${text}`),
    exec: (sql: string) => database.exec(sql),
    prepare: (sql: string) => database.prepare(sql),
    close: () => database.close(),
    transaction(body: (...args: unknown[]) => unknown) {
      const run = (...args: unknown[]) => {
        begin!.run();
        const result = body(...args);
        commit!.run();
        return result;
      };
      return Object.assign(run, { immediate: run });
    },
  };
}

const [name, count, rounds, path] = Deno.args;
const tasks = Number(count);
const printed: Printed[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const used = process.cpuUsage();
  const ms = await ENGINES[name!]!(tasks, `${path}_${round}`);
  const { user, system } = process.cpuUsage(used);
  printed.push({ rate: tasks / ms * 1_000, processorUs: (user + system) / tasks });
}
console.log(JSON.stringify(printed));
Deno.exit();
