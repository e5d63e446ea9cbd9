/**
 * Starts a NATS server, two workers and a pipeline on this machine, and prints how many tasks each worker ran. On
 * real machines each of them is started by itself, as described in `docs/guides/many_machines.md`.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1 --allow-run --allow-sys=hostname examples/machines/main.ts 64
 * ```
 *
 * @module
 */
import { runPipeline } from "@pipeloom/pipeloom";
import { connectReadOnly } from "@pipeloom/pipeloom/db";
import { natsExecutor } from "@pipeloom/pipeloom/nats";

const DB = "machines.db";
const module = new URL("tasks.ts", import.meta.url);

/** Numbers of each task: some tens of milliseconds of work. */
const SIZE = 50_000;

/** A program that is ended with this one. */
class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(program: string, ...args: string[]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#lines = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Resolves once its output contains this part. */
  async printed(part: RegExp): Promise<RegExpExecArray> {
    for (let text = "";;) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`It ended:\n${text}`);
      text += value;
      const found = part.exec(text);
      if (found) return found;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    while (!(await this.#lines.read()).done);
    await this.#child.status;
  }
}

/** `pipeloom worker tasks.ts`, with no permissions but what it needs. */
function startWorker(servers: string): Program {
  return new Program(
    Deno.execPath(),
    "run",
    "--no-lock",
    "--cached-only",
    "--allow-read",
    `--allow-net=${servers.replace("nats://", "")}`,
    "--allow-sys=hostname",
    import.meta.resolve("@pipeloom/pipeloom/cli"),
    "worker",
    decodeURIComponent(module.pathname),
    "--nats",
    servers,
    "-w",
    "2",
  );
}

if (import.meta.main) {
  const store = await Deno.makeTempDir({ dir: "." });
  try {
    await using broker = new Program(
      "nats-server",
      ...["-js", "-a", "127.0.0.1", "-p", "-1", "-sd", store],
    );
    const [, port] = await broker.printed(/client connections on [^\n]*?:(\d+)/);
    const servers = `nats://127.0.0.1:${port}`;
    console.log(`A broker at ${servers}, two workers of two slots each`);
    await using one = startWorker(servers);
    await using two = startWorker(servers);
    await Promise.all([one.printed(/Connected/), two.printed(/Connected/)]);

    const count = Number(Deno.args[0] ?? 64);
    const { counts } = await runPipeline(
      Array.from({ length: count }, (_, i) => ({ start: i * SIZE, size: SIZE })),
      {
        db: DB,
        schema: "CREATE TABLE IF NOT EXISTS primes (start INTEGER PRIMARY KEY, primes INTEGER)",
        executor: natsExecutor({ servers }),
        run: { module, export: "countPrimes" },
        atomic: true,
        workers: 8,
      },
    );
    console.log(`${counts.done} tasks are done`);
    using reader = await connectReadOnly(DB);
    const sql = "SELECT worker, count(*) AS tasks FROM task_runs " +
      "WHERE run_id = (SELECT max(id) FROM pipeline_runs) GROUP BY worker";
    for (const { worker, tasks } of reader.prepare(sql).all()) console.log(`${worker}: ${tasks}`);
    const [sum] = reader.prepare("SELECT sum(primes) AS n FROM primes").all();
    console.log(`${sum!.n} primes below ${count * SIZE}`);
  } finally {
    await Deno.remove(store, { recursive: true });
  }
}
