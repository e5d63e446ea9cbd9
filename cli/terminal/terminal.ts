/**
 * Where commands print: the standard output, which is a terminal or is not, and the standard error.
 *
 * @module
 */
import {
  canDraw,
  terminalSize as sizeOf,
  USUAL_SIZE,
  writeWhole,
} from "../../internal/terminal.ts";
import type { Surface } from "../status/draw_run.ts";
import { colorsFor } from "./colors.ts";

/** Whether lines can be drawn over and over on the standard output: a terminal, and not that of a CI job. */
export function isTerminal(): boolean {
  return canDraw(Deno.stdout);
}

/** Whether a person is there who could press a key or Ctrl-C: both ends are such a terminal. */
export function isAttended(): boolean {
  return isTerminal() && Deno.stdin.isTerminal();
}

/** The size of the terminal now. */
export function terminalSize(): { columns: number; rows: number } {
  return sizeOf() ?? USUAL_SIZE;
}

/** The standard output as lines are drawn on it: a file or a pipe takes lines of any length. */
export function surface(): Surface {
  const width = isTerminal() ? terminalSize().columns : Infinity;
  return { width, height: Infinity, paint: colorsFor(Deno.stdout) };
}

/** Writes a text whole. Returns whether the reader is still there. */
export function write(text: string): boolean {
  return writeWhole(Deno.stdout, text);
}

/** Writes lines. Returns whether the reader is still there. */
export function writeLines(lines: readonly string[]): boolean {
  return write(lines.map((line) => `${line}\n`).join(""));
}

/** Writes a line to the standard error. `console` would throw where that is a pipe that is full. */
export function printStderr(line: string): void {
  writeWhole(Deno.stderr, `${line}\n`);
}
