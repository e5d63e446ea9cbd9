/**
 * Worker processes for `nats.ts`, and what the system reports about processes: their processor time and their memory.
 *
 * @module
 */

/** The module of the tasks. */
export const MODULE = new URL("nats_tasks.ts", import.meta.url);

/** Starts worker processes; resolves when all of them are connected. */
export async function startWorkers(servers: string, count: number, slots: number) {
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

/** Microseconds of processor time that processes have used; 0 where the system is not Linux. */
export function processorTime(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // Not Linux.
    }
  }
  return ticks * 10_000;
}

/** MiB of a process in memory. */
export function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}
