/**
 * Runs the command that is named.
 *
 * @module
 */
import { CommanderError } from "commander";
import { COMMANDS, defineProgram, listedCommand, newCommand } from "./program.ts";
import { CHILD_COMMAND } from "./serve/child_command.ts";
import { EXIT } from "./terminal/exit_code.ts";
import { chooseColor } from "../internal/terminal.ts";

/** Runs the command line, as described at `main` of `cli.ts`. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  if (args[0] === CHILD_COMMAND) return await (await import("./serve/child/main.ts")).runChild();
  const program = defineProgram();
  for (const [name, { summary, permissions, load }] of Object.entries(COMMANDS)) {
    if (!args.includes(name)) {
      program.addCommand(listedCommand(name));
      continue;
    }
    const command = newCommand(name).summary(summary);
    program.addCommand(command);
    const module = await load();
    const { startHere } = await import("./working_folder.ts");
    const flags = `\nPermissions:\n  ${permissions.replaceAll("; ", "\n  ")}`;
    module.define(command).addHelpText("after", flags).action(async () => {
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
    await program.parseAsync(parsed(args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { printError } = await import("./terminal/failure.ts");
    return printError(error, program.opts().verbose);
  }
}

/** What the parser is given. Asked for help, it would answer an unknown command by the help of the program. */
function parsed(args: readonly string[]): readonly string[] {
  if (args.length === 0) return ["--help"];
  const name = args[0] === "help" ? args[1] : args[0];
  const isUnknown = name !== undefined && !name.startsWith("-") && name !== "help" &&
    !Object.hasOwn(COMMANDS, name);
  return isUnknown ? [name] : args;
}

/** The log that was asked for, if any. */
async function openLog({ verbose, logFile }: { verbose: number; logFile?: string | undefined }) {
  if (verbose === 0 && logFile === undefined) return;
  const { setupLogging } = await import("../logging.ts");
  return await setupLogging({ verbose, logFile });
}
