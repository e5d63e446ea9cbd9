/**
 * A hundred thousand tasks to look at: most are short, some are long, some fail and a few fall silent.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1 examples/big/main.ts --tasks 100000
 * ```
 *
 * @module
 */
import { parseArgs } from "node:util";
import { runPipeline, type TaskContext } from "../../mod.ts";
import { watched } from "../watched.ts";

const USAGE = "Usage: main.ts [--db PATH] [--tasks N] [--workers N] [--port N]";

/** A kind of task: what it is called, how many in a thousand are of it, and how many milliseconds it takes. */
interface Kind {
  verb: string;
  share: number;
  fromMs: number;
  toMs: number;
}

const KINDS: readonly Kind[] = [
  { verb: "fetch page", share: 700, fromMs: 2, toMs: 25 },
  { verb: "parse report", share: 200, fromMs: 20, toMs: 150 },
  { verb: "resize image", share: 85, fromMs: 150, toMs: 500 },
  { verb: "train model", share: 15, fromMs: 1_000, toMs: 3_000 },
];

/** One task in this many fails, and one in this many is silent for a long time. */
const FAILS_EVERY = 211;
const SILENT_EVERY = 19_997;

/** Milliseconds of silence: longer than the dashboard takes for a stall. */
const SILENCE_MS = 75_000;

/** Milliseconds between two reports of progress. */
const STEP_MS = 60;

const ERRORS = ["HTTP 503: Service Unavailable", "Connection reset by peer", "Invalid date 31-02"];

if (import.meta.main) Deno.exitCode = await main(Deno.args);

async function main(args: string[]): Promise<number> {
  let options: { db: string; tasks: number; workers: number; port: number };
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { db, tasks, workers, port } = options;
  const report = await watched(
    { db, port },
    () =>
      runPipeline(Array.from({ length: tasks }, (_, i) => i + 1), {
        db,
        name: "big",
        workers,
        taskName: (n) => `${kindOf(n).verb} ${n}`,
        taskKey: (n) => `${n}`,
        run: work,
      }),
  );
  const { done, error, cancelled } = report.counts;
  const seconds = (report.elapsedMs / 1_000).toFixed(1);
  console.log(`${done} done, ${error} failed, ${cancelled} cancelled in ${seconds} s`);
  return 0;
}

async function work(n: number, task: TaskContext): Promise<object> {
  const { fromMs, toMs } = kindOf(n);
  const durationMs = fromMs + (toMs - fromMs) * Math.random() ** 2;
  const steps = Math.floor(durationMs / STEP_MS);
  if (steps > 8) task.log(`Takes about ${Math.round(durationMs)} ms`);
  for (let step = 1; step <= steps; step++) {
    await pause(STEP_MS, task.signal);
    task.progress(step, steps + 1, `step ${step} of ${steps + 1}`);
    if (steps > 8 && step % 8 === 0) task.log(`Finished step ${step}`, "debug");
  }
  await pause(durationMs % STEP_MS, task.signal);
  if (n % SILENT_EVERY === 0) {
    task.log("Waits for an answer that does not come", "warn");
    await pause(SILENCE_MS, task.signal);
  }
  if (n % FAILS_EVERY === 0) throw new Error(`${ERRORS[n % ERRORS.length]} (task ${n})`);
  return { bytes: Math.round(durationMs * 1_000), steps };
}

/** Kinds are spread over the tasks in the same way each time, so that two runs can be compared. */
function kindOf(n: number): Kind {
  let place = (n * 617) % 1_000;
  return KINDS.find(({ share }) => (place -= share) < 0)!;
}

/** Waits, unless the pipeline is stopping. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      db: { type: "string", default: "big.db" },
      tasks: { type: "string", default: "100000" },
      workers: { type: "string", default: "100" },
      port: { type: "string", default: "8787" },
    },
  });
  const number = (name: "tasks" | "workers" | "port", from: number) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= from) return value;
    throw new RangeError(`Cannot use --${name} ${values[name]}: give a whole number from ${from}`);
  };
  const [tasks, workers, port] = [number("tasks", 1), number("workers", 1), number("port", 0)];
  return { db: values.db, tasks, workers, port };
}
