/**
 * Starts one engine in a process of its own.
 *
 * @module
 */

/** What an engine did in one round. */
export interface Printed {
  /** Tasks a second, from the first that is added to the end of the last. */
  rate: number;
  /** The same in the middle of the run. */
  middleRate?: number;
  /** Microseconds of processor time for each task. */
  processorUs: number;
}

/** Runs an engine under Deno, some rounds in one fresh process, with files whose paths begin with `path`. */
export async function inDeno(
  engine: string,
  { tasks, path, rounds = 1 }: { tasks: number; path: string; rounds?: number },
): Promise<Printed[]> {
  const permissions = ["read", "write", "env", "sys", "net"].map((name) => `--allow-${name}`);
  const program = ["run", "--no-lock", "--quiet", ...permissions, programPath("in_deno.ts")];
  return JSON.parse(
    await output(Deno.execPath(), [...program, engine, `${tasks}`, `${rounds}`, path]),
  );
}

/** The path of a program beside this one. */
export function programPath(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

/** What a program prints; an error with what it wrote to its standard error where it fails. */
export async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed:\n${text.decode(stderr)}`);
  return text.decode(stdout);
}
