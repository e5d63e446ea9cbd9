#!/usr/bin/env -S deno run --allow-read --allow-write --allow-net=127.0.0.1
/**
 * The command line: runs pipelines, shows what they do, and keeps their files in order.
 *
 * ```sh
 * deno run -R -W jsr:@pipeloom/pipeloom/cli status --watch
 * ```
 *
 * @module
 */
import "./deno_only.js";
import { quickAnswer } from "./cli/quick_answer.ts";
import { writeWhole } from "./internal/terminal.ts";
import { shellWord } from "./internal/text/shell_word.ts";

/**
 * Runs the command line. It never throws and never ends the process: errors are printed on stderr.
 *
 * @param args What follows the name of the program
 * @returns The exit code: 0 when all was done, 1 when a task failed or it could not be done, 2 for wrong usage,
 * 75 when another run is active, 130 after Ctrl-C, 143 after SIGTERM
 *
 * @example A command of your own program
 * ```ts
 * import { main } from "@pipeloom/pipeloom/cli";
 *
 * const exitCode = await main(["--version"]);
 * // Deno.exitCode = await main(Deno.args);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const answer = quickAnswer(args);
  if (answer !== undefined) {
    writeWhole(Deno.stdout, answer);
    return 0;
  }
  // Not before: its packages cannot be resolved if this module reaches the error of its first line.
  const program = await import("./cli/run_program.ts").catch(explainUnknownImports);
  return program ? await program.runProgram(args) : 1;
}

/** Explains how to run a checkout that was started without its import map, in a folder with another `deno.json`. */
function explainUnknownImports(error: Error): void {
  if (!/not a dependency|not in import map/.test(error.message)) throw error;
  const [config, cli] = ["deno.json", "cli.ts"].map((name) =>
    shellWord(decodeURIComponent(new URL(name, import.meta.url).pathname))
  );
  const permissions = "-R -W -N=127.0.0.1";
  console.error(
    `error: Cannot start pipeloom: ${
      error.message.split("\n")[0]
    }. Its imports are in its own deno.json: ` +
      `deno install -g -f -n pipeloom ${permissions} --config ${config} ${cli}, ` +
      `or deno run ${permissions} --config ${config} ${cli}`,
  );
}

// Not `Deno.exitCode`: a Worker that was ended and never waits would keep the process alive. Not awaited here: Deno
// would end a command that waits for nothing with a word about this line.
if (import.meta.main) main(Deno.args).then(Deno.exit);
