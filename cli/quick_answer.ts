/**
 * Answers that need no package: loading the parser of options takes longer than everything else of `--help`.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { terminalSize, USUAL_SIZE } from "../internal/terminal.ts";
import { HELP } from "./help.gen.ts";

/** What a command line prints that asks for the version or the list of commands; `undefined` for any other. */
export function quickAnswer(args: readonly string[]): string | undefined {
  if (args.length > 1) return undefined;
  switch (args[0]) {
    case "-V":
    case "--version":
      return `${config.version}\n`;
    case undefined:
    case "-h":
    case "--help":
    case "help":
      return fits() ? HELP : undefined;
    default:
      return undefined;
  }
}

/** Whether the terminal, if there is one, has the columns for which the text is broken into lines. */
function fits(): boolean {
  const { columns } = USUAL_SIZE;
  return !Deno.stdout.isTerminal() || (terminalSize()?.columns ?? columns) >= columns;
}
