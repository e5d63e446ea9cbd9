#!/usr/bin/env -S deno run --allow-read --allow-write --allow-net=127.0.0.1
/**
 * The command line: runs pipelines, shows what they do, and keeps their files in order.
 *
 * ```sh
 * deno run -R -W jsr:@pipeloom/pipeloom/cli status --watch
 * ```
 *
 * A command's file is loaded when it is named, so that help and wrong words are answered at once.
 *
 * @module
 */
import { CommanderError } from "commander";
import { COMMANDS, defineProgram, newCommand } from "./cli/program.ts";
import { EXIT } from "./cli/terminal/exit_code.ts";
import { chooseColor } from "./internal/terminal.ts";

/**
 * Runs the command line. It never throws and never ends the process: what goes wrong is told on stderr.
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
  let exitCode: number = EXIT.done;
  const program = defineProgram();
  for (const [name, { summary, usage, load }] of Object.entries(COMMANDS)) {
    const command = newCommand(name).summary(summary);
    program.addCommand(command);
    if (!args.includes(name)) {
      // For the list of commands only.
      if (usage) command.arguments(usage);
      continue;
    }
    const module = await load();
    const { startHere } = await import("./cli/working_folder.ts");
    module.define(command).action(async () => {
      startHere();
      chooseColor(program.opts().color);
      await using _ = await openLog(program.opts());
      exitCode = await module.run(
        { ...program.opts(), ...command.opts() },
        ...command.processedArgs,
      );
    });
  }
  try {
    await program.parseAsync(args.length > 0 ? args : ["--help"], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { tellError } = await import("./cli/terminal/failure.ts");
    return tellError(error, program.opts().verbose);
  }
}

/** The log that was asked for, if any. */
async function openLog({ verbose, logFile }: { verbose: number; logFile?: string | undefined }) {
  if (verbose === 0 && logFile === undefined) return;
  const { setupLogging } = await import("./logging.ts");
  return await setupLogging({ verbose, logFile });
}

// Not `Deno.exitCode`: a Worker that was ended and never waits would keep the process alive. Not awaited here: Deno
// would end a command that waits for nothing with a word about this line.
if (import.meta.main) main(Deno.args).then(Deno.exit);
