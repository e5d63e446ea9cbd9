/**
 * How errors are printed: one line for what the user can fix, more only on request.
 *
 * @module
 */
import { ArgumentsError, OverlapError } from "../../errors.ts";
import { summarizeError } from "../../internal/error_text.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { printableLines, sanitize } from "./sanitize.ts";
import { fromHere } from "../working_folder.ts";
import { colorsFor } from "./colors.ts";
import { printStderr } from "./terminal.ts";

/** A command cannot continue, and its message is the whole explanation. */
export class CommandError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "CommandError";
  /** The exit code for the shell. */
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Prints an error to the standard error and returns the exit code. With `verbosity` 2 its stack goes with it. */
export function printError(thrown: unknown, verbosity: number): ExitCode {
  const paint = colorsFor(Deno.stderr);
  const first = firstOf(thrown);
  printStderr(`${paint("red", "error:")} ${sanitize(fromHere(messageOf(first)))}`);
  if (verbosity >= 2) printStderr(printableLines(Deno.inspect(thrown)));
  if (first instanceof OverlapError) return EXIT.overlap;
  if (first instanceof ArgumentsError) return EXIT.usage;
  return first instanceof CommandError ? first.exitCode : EXIT.failed;
}

/** What went wrong first, where because of it something went wrong when things were closed, too. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? firstOf(thrown.suppressed) : thrown;
}

/** The message of anything that was thrown, with the name of an error that is not worded for a user. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `Something else than an error was thrown: ${thrown}`;
  const { name } = thrown;
  const message = summarizeError(thrown);
  if (thrown.message === "") return message;
  return /^[A-Z]\w* /.test(message) ? message : `${name}: ${message}`;
}
