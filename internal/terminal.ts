/**
 * The terminal of this process: whether there is one to draw on, how large it is, whether it shows colours. Nothing
 * here asks for a permission: an environment variable counts where it may be read, and `NO_COLOR` always.
 *
 * @module
 */
import { readEnv } from "./permissions.ts";
import { type SyncWriter, writeTextSync } from "./write_all.ts";

/** A standard stream. */
export interface OutputStream extends SyncWriter {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
}

/** Columns and rows of a terminal. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The size assumed for a terminal that does not report its own. */
export const USUAL_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** Whether lines can be drawn over and over: on a terminal that can move its cursor, outside of a CI job. */
export function canDraw(stream: OutputStream): boolean {
  return stream.isTerminal() && readEnv("TERM") !== "dumb" && !isCI();
}

/** Whether this is a job of continuous integration, whose terminal, if it has one, is only recorded. */
export function isCI(): boolean {
  return isOn(readEnv("CI"));
}

/** The size of the terminal now; `undefined` where it does not report one. */
export function terminalSize(): TerminalSize | undefined {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) return { columns, rows };
  } catch {
    // None of the standard streams is a terminal.
  }
  return undefined;
}

/** The setting of colours on the command line. */
let choice: boolean | undefined;

/** Turns colours on or off, whatever the environment contains; `undefined` leaves it to the environment. */
export function chooseColor(color: boolean | undefined): void {
  choice = color;
}

/**
 * Whether texts that go to a stream are coloured. A choice of the command line comes first, then `FORCE_COLOR`, which
 * wins over `NO_COLOR` as it does in Deno and Node.js, then `NO_COLOR`; an empty variable counts as unset. Otherwise
 * terminals on which lines can be drawn get colours.
 */
export function wantsColor(stream: OutputStream): boolean {
  if (choice !== undefined) return choice;
  const forced = readEnv("FORCE_COLOR");
  if (forced) return isOn(forced);
  return !Deno.noColor && canDraw(stream);
}

function isOn(value: string | undefined): boolean {
  return !!value && !/^(0|false)$/i.test(value);
}

/**
 * Writes a text whole, however slow the other end is.
 *
 * @returns Whether the other end is still there
 */
export function writeWhole(stream: OutputStream, text: string): boolean {
  try {
    writeTextSync(stream, text);
    return true;
  } catch (error) {
    // A terminal that was closed answers with an error of input and output.
    if (error instanceof Deno.errors.BrokenPipe || /os error 5\b/.test(`${error}`)) return false;
    throw error;
  }
}
