/**
 * Runs an example by the line of its own header, in a folder of the test's.
 *
 * @module
 */
import { ROOT } from "./child.ts";

/** How an example is run. */
export interface ExampleOptions {
  /** The folder that it runs in. */
  cwd: string;
  /** The port that stands for the header's 8000. */
  port?: number;
  /** What stands for the header's arguments. */
  args?: string[];
  /** The exit code that it should have, instead of 0. */
  code?: number;
}

/** The command of an example's header, made to run in another folder. */
export async function exampleCommand(
  name: string,
  { cwd, port = 8000, args }: ExampleOptions,
): Promise<Deno.Command> {
  const source = await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
  const line = source.match(/^ \* deno run (.*)$/m)?.[1];
  const words = line?.replaceAll("127.0.0.1:8000", `127.0.0.1:${port}`).split(" ") ?? [];
  const at = words.indexOf(`examples/${name}`);
  if (at < 0) throw new Error(`examples/${name} does not show how it is run`);
  // A program that has the example has the module's code in the folder, too, or from a registry.
  const flags = words.slice(0, at).map((flag) =>
    flag === "--allow-read=." ? `${flag},${decodeURIComponent(ROOT.pathname)}` : flag
  );
  const rest = words.slice(at + 1).map((word) => word === "8000" ? `${port}` : word);
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--cached-only",
      "--no-lock",
      ...flags,
      new URL(`examples/${name}`, ROOT).pathname,
      ...(args ?? rest),
    ],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs an example to its end and returns what it printed on stdout. */
export async function runExample(name: string, options: ExampleOptions): Promise<string> {
  const { code, stdout, stderr } = await (await exampleCommand(name, options)).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== (options.code ?? 0)) {
    throw new Error(
      `examples/${name} ended with ${code}:\n${text}${new TextDecoder().decode(stderr)}`,
    );
  }
  return text;
}

/** A server on loopback. */
export function serveLocally(handler: Deno.ServeHandler): AsyncDisposable & { port: number } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
