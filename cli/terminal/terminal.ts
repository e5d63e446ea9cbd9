/**
 * Where commands print: the standard output, which is a terminal or is not.
 *
 * @module
 */
import { colorsFor } from "./colors.ts";
import type { Surface } from "../status/draw_run.ts";
import { readEnv } from "../../internal/permissions.ts";
import { writeTextSync } from "../../internal/write_all.ts";

/** The size of a terminal that does not tell its own. */
const USUAL = { columns: 80, rows: 24 };

/** Whether a person looks at the standard output, on a terminal that can move its cursor. */
export function isTerminal(): boolean {
  return Deno.stdout.isTerminal() && !isDumb();
}

/** Whether a person is there who could press Ctrl-C: both ends are a terminal, and not that of a CI job. */
export function isAttended(): boolean {
  const ci = readEnv("CI");
  return isTerminal() && Deno.stdin.isTerminal() && (!ci || /^(0|false)$/i.test(ci));
}

function isDumb(): boolean {
  return readEnv("TERM") === "dumb";
}

/** The size of the terminal now. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) return { columns, rows };
  } catch {
    // None of the standard streams is a terminal.
  }
  return USUAL;
}

/** The standard output as lines are drawn on it: a file or a pipe takes lines of any length. */
export function surface(): Surface {
  const width = isTerminal() ? terminalSize().columns : Infinity;
  return { width, height: Infinity, paint: colorsFor(Deno.stdout) };
}

/** Writes a text whole. Returns whether anybody is left to read it. */
export function write(text: string): boolean {
  try {
    writeTextSync(Deno.stdout, text);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** Writes lines. Returns whether anybody is left to read them. */
export function writeLines(lines: readonly string[]): boolean {
  return write(lines.map((line) => `${line}\n`).join(""));
}
