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
    const fields = readProc(pid, "stat").split(") ")[1]?.split(" ") ?? [];
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * 10_000;
}

/** Microseconds of processor time that the children of this process used which have ended. */
export function processorTimeOfChildren(): number {
  const fields = readProc(Deno.pid, "stat").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * 10_000;
}

/** MiB of a process in memory; NaN where the system is not Linux. */
export function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, "status"))?.[1]) / 1024;
}

/** A file of `/proc`, through `cat`: Deno reads there only with all permissions, which the benchmark has not. */
function readProc(pid: number, file: string): string {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/${file}`], stderr: "null" })
    .outputSync();
  return new TextDecoder().decode(stdout);
}
