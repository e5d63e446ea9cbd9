/**
 * A stand-in for a container, made of namespaces: its command is the first process, its root is read-only but for
 * `/data`, its user is not root and has no capabilities, and its network is its own.
 *
 * @module
 */
import { firstProcess, readProc } from "./first_process.ts";
import { npmCache } from "./project.ts";

/** Prepares the root and enters it. `$0` is the folder, `$1` the cache of npm, `$2` deno, then comes the command. */
const ENTER = `
  exec 2>&1
  set -e
  folder=$0; npm=$1; deno=$2; shift 2
  ip link set lo up
  mount --bind "$folder/image" "$folder/image"
  cd "$folder/image"
  for name in bin dev etc lib lib64 usr; do
    if [ -d "/$name" ]; then mkdir -p "$name"; mount --rbind "/$name" "$name"; fi
  done
  mkdir -p proc data opt deno-dir/npm
  touch opt/deno
  mount -t proc proc proc
  mount --bind "$folder/data" data
  mount --rbind "$npm" deno-dir/npm
  mount --bind "$deno" opt/deno
  mount -o remount,ro,bind .
  exec unshare --map-user=1000 --map-group=1000 --root "$folder/image" --wd /app "$@"`;

const UNSHARE = ["--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child"];

/** Whether there can be containers here. */
export async function canContain(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const args = [...UNSHARE, "unshare", "--map-user=1000", "sh", "-c", "command -v ip nsenter"];
  const started = Promise.try(() =>
    new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).output()
  );
  return await started.then(({ success }) => success, () => false);
}

/** A command in a container. */
export class Container implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  /** What it has printed so far, on both streams. */
  text = "";

  /** Starts it in a folder that has `image`, the root with `/app` and `/deno-dir`, and `data`. */
  constructor(folder: string, command: readonly string[], env: Record<string, string>) {
    this.#child = new Deno.Command("unshare", {
      args: [...UNSHARE, "sh", "-c", ENTER, folder, npmCache, Deno.execPath(), ...command],
      clearEnv: true,
      env: { PATH: "/opt:/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Resolves when it has printed this; rejects when it ends before. */
  async printed(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`It ended and had printed ${this.text}`);
      this.text += value;
    }
  }

  /** The first process, as the machine knows it. */
  async pid(): Promise<number> {
    return await firstProcess(this.#child);
  }

  /** What the machine reports of the first process. */
  async status(): Promise<string> {
    return await readProc(`/proc/${await this.pid()}/status`);
  }

  /** Runs a command beside it, and returns its exit code and what it printed. */
  async exec(...command: string[]): Promise<{ code: number; out: string }> {
    const namespaces = [
      "--user",
      "--mount",
      "--net",
      "--pid",
      "--root",
      "--wd",
      "--preserve-credentials",
    ];
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: [`--target=${await this.pid()}`, ...namespaces, "--", ...command],
      clearEnv: true,
      env: { PATH: "/opt:/usr/bin:/bin" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
  }

  /** Sends SIGTERM, as an engine does to stop it. */
  async stop(): Promise<void> {
    Deno.kill(await this.pid(), "SIGTERM");
  }

  /** Its exit code, when it has ended. */
  async ended(): Promise<number> {
    for (let read; !(read = await this.#output.read()).done;) this.text += read.value;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // With it goes all that it started.
    Promise.try(() => this.#child.kill("SIGKILL")).catch(() => {});
    await this.ended();
  }
}
