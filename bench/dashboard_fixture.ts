/**
 * A database with many tasks, and a process that writes into it as fast as it can.
 *
 * @module
 */
import { connect, initSchema } from "../db.ts";

/** Makes a database whose run 1 has this many tasks, all of which have ended. */
export async function makeTasks(file: string, tasks: number): Promise<void> {
  using connection = await connect(file, { driver: "builtin" });
  initSchema(connection);
  const begun = Date.parse("2026-01-01T00:00:00Z") / 1_000;
  connection.exec(`
    INSERT INTO pipeline_runs (name, status, started_at, finished_at, workers, driver,
      sqlite_version, first_task_id, last_task_id, done, error)
    VALUES ('past', 'error', '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z', 50, 'builtin',
      sqlite_version(), 1, ${tasks}, ${tasks - Math.floor(tasks / 100)}, ${
    Math.floor(tasks / 100)
  });
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${tasks})
    INSERT INTO task_runs (id, name, status, progress, message, started_at, finished_at, run_id, key)
    SELECT i, 'task ' || i, iif(i % 100, 'done', 'error'), iif(i % 100, 1.0, 0.4), 'message ' || i,
      strftime('%Y-%m-%dT%H:%M:%fZ', ${begun} + i * 0.001, 'unixepoch'),
      strftime('%Y-%m-%dT%H:%M:%fZ', ${begun} + i * 0.001 + (i * 7919 % 5000) / 1000.0, 'unixepoch'),
      1, 'key ' || i
    FROM n;`);
}

/** A process that writes flat out, and reports when it has begun. */
export class Load implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(file: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-read",
        "--allow-write",
        new URL("./dashboard_load.ts", import.meta.url).href,
        file,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Settled when it writes. */
  async begun(): Promise<void> {
    const { done } = await this.#lines.read();
    if (done) throw new Error("The load has ended before it began");
  }

  /** Stops it, and returns how many rows a second it wrote. */
  async stop(): Promise<number> {
    await this.#child.stdin.close();
    let text = "";
    for (;;) {
      const { value, done } = await this.#lines.read();
      if (done) break;
      text += value;
    }
    await this.#child.status;
    return Number(text.trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#lines.cancel();
    await this.#child.status;
  }
}

/** Waits until enough was measured. */
export async function until(isEnough: () => boolean): Promise<void> {
  while (!isEnough()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A page that is open: it reads every event and hands each with its arrival to `onEvent`. */
export class Watcher implements Disposable {
  readonly #aborter = new AbortController();
  /** Settled when the first event is there. */
  readonly ready: Promise<void>;

  constructor(url: string, onEvent: (data: string, at: number) => void = () => {}) {
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#read(url, (data, at) => {
      ready.resolve();
      onEvent(data, at);
    }).catch((error) => ready.reject(error));
  }

  /** Leaves. What is in flight is not waited for: nothing of it is needed any more. */
  [Symbol.dispose](): void {
    this.#aborter.abort();
  }

  async #read(url: string, onEvent: (data: string, at: number) => void): Promise<void> {
    const { signal } = this.#aborter;
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of response.body!) {
      const at = Date.now();
      text += decoder.decode(part, { stream: true });
      let end: number;
      while ((end = text.indexOf("\n\n")) >= 0) {
        const line = text.slice(0, end).split("\n").find((line) => line.startsWith("data: "));
        text = text.slice(end + 2);
        if (line) onEvent(line.slice(6), at);
      }
    }
  }
}
