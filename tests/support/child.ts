/**
 * A child process that runs a script with its own permissions and prints one JSON value.
 *
 * @module
 */

/** The project's folder. */
export const ROOT = new URL("../../", import.meta.url);

/** Options of {@linkcode runChild}. */
export interface ChildOptions {
  /** Flags of `deno run`, such as `--allow-read=…`. */
  flags?: string[];
  /** A command that starts the child, such as `setpriv …`; its words come before `deno`. */
  prefix?: string[] | undefined;
  /** Whether it may look for packages that are not cached. */
  uncached?: boolean;
  /** Environment variables beside those of this process. */
  env?: Record<string, string> | undefined;
}

/** Runs `script`, which may import from {@linkcode ROOT}, and returns what it gave to `console.log`. */
export async function runChild(script: string, options: ChildOptions = {}): Promise<unknown> {
  const { out, err } = await runScript(script, options);
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`The child printed ${out}\n${err}`);
  }
}

/** Runs `script`, which may import from {@linkcode ROOT}, and returns all that it printed. */
export async function runScript(
  script: string,
  options: ChildOptions = {},
): Promise<{ out: string; err: string }> {
  const { flags = [], prefix = [], uncached = false, env = {} } = options;
  const command = [
    ...prefix,
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--no-lock",
    ...(uncached ? [] : ["--cached-only"]),
    ...flags,
    "-",
  ];
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A script that tries something and prints its value, or its error's name, code and message. */
export function attempt(imports: string, body: string): string {
  return `
    import { ${imports} } from ${JSON.stringify(new URL("db.ts", ROOT).href)};
    async function attempt() { ${body} }
    console.log(JSON.stringify(await attempt().then(
      (value) => ({ value }),
      ({ name, code, message }) => ({ name, code, message }),
    )));`;
}

/** Where the first of these programs that is installed is. Under CI one of them must be. */
export async function findProgram(...names: string[]): Promise<string | undefined> {
  const folders = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  for (const name of names) {
    for (const folder of folders) {
      const path = `${folder}/${name}`;
      if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
    }
  }
  if (Deno.env.get("CI")) throw new Error(`Tests need ${names[0]}: install it`);
  console.log(`${names[0]} is not installed: tests that need it are left out`);
  return undefined;
}

/** Whether a program is installed. Under CI everything that tests need must be. */
export async function isInstalled(name: string): Promise<boolean> {
  return await findProgram(name) !== undefined;
}
