/**
 * Options that several commands have, and how their values are read.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_DB } from "../pipeline/define_pipeline.ts";
import { DRIVER_CHOICES } from "../sqlite/drivers/choose.ts";
import { type Overlap, OVERLAPS } from "../pipeline/overlap.ts";

export { DEFAULT_DB };

/** What stands behind a command. */
export interface CommandModule {
  /** Defines the arguments and options of the command, with examples. */
  define(command: Command): Command;
  /** Does it. Operands come first to last. */
  // deno-lint-ignore no-explicit-any
  run(options: any, ...operands: any[]): Promise<number>;
}

/** Options of every command that reads a database. */
export interface DbOption {
  /** The database. */
  db: string;
}

/** Collects the values of an option that is given several times. */
export function repeated(one: string, before: string[] = []): string[] {
  return [...before, one];
}

/** `--db`. */
export function dbOption(): Option {
  return new Option("--db <path>", "the database").default(DEFAULT_DB, DEFAULT_DB);
}

/** `--json`. */
export function jsonOption(what: string): Option {
  return new Option("--json", `print ${what} as JSON`);
}

/** `--driver`. */
export function driverOption(): Option {
  return new Option("--driver <name>", "the SQLite driver").choices(DRIVER_CHOICES);
}

/** `--workers`. */
export function workersOption(): Option {
  return new Option("-w, --workers <n>", "number of tasks that run at once").argParser(
    wholeNumber(1),
  );
}

/** `--dashboard`, with a port or without. */
export function dashboardOption(): Option {
  return new Option(
    "--dashboard [port]",
    "serve the dashboard during the run (8787, or another free port)",
  ).argParser(port);
}

/** `--quiet-tasks`. */
export function quietTasksOption(): Option {
  return new Option(
    "--quiet-tasks",
    "do not print the lines that tasks log; the database keeps them",
  );
}

/** `--arg`. */
export function argOption(): Option {
  return new Option(
    "--arg <key=value>",
    "argument of the run: text, or JSON as key:=value; repeatable",
  )
    .argParser(collect);
}

/** `--item`. */
export function itemOption(): Option {
  return new Option(
    "--item <text>",
    "an item for a function, text, or JSON as :=value; repeatable",
  ).argParser((text: string, before: unknown[] = []) => [
    ...before,
    text.startsWith(":=") ? parseValue("", text.slice(2)) : text,
  ]);
}

/** `--overlap`; `otherwise` is what happens when neither it nor the module decides. */
export function overlapOption(otherwise: Overlap): Option {
  return new Option(
    "--overlap <how>",
    "while another run of this name is active: run concurrently, refuse, or wait " +
      `(default: that of the module, else ${otherwise})`,
  ).choices(OVERLAPS);
}

/** `--resume`, with the id of a run or without. */
export function resumeOption(): Option {
  return new Option(
    "--resume [run]",
    "resume the newest run of this name and these arguments unless it is done, or this run; items need keys",
  ).argParser(wholeNumber(1));
}

/** `--only`. */
export function onlyOption(): Option {
  return new Option(
    "--only <tasks>",
    "with --resume <run>: of its failed and cancelled tasks only these ids, with commas between",
  ).argParser((text) => text.split(",").map(wholeNumber(1)));
}

/** `--resume-key`. */
export function resumeKeyOption(): Option {
  return new Option(
    "--resume-key <key>",
    "continue or start the run of this key; a run that is done is not repeated",
  ).conflicts("resume");
}

/** Reads a whole number. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `Expected an integer ≥ ${min}.`
        : `Expected an integer from ${min} to ${max}.`,
    );
  };
}

/** Reads a port. */
export const port: (text: string) => number = wholeNumber(0, 65_535);

/** Text below a command's help. */
export function examples(...lines: [command: string, what: string][]): string {
  return "\nExamples:\n" +
    lines.map(([command, what]) => `  # ${what}\n  pipeloom ${command}`).join("\n");
}

function collect(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [, key, sign, value] = /^([^=]+?)(:?=)(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError("Write it as key=value.");
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} was given already.`);
  return { ...before, [key]: sign === "=" ? value : parseValue(key, value!) };
}

function parseValue(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(
      `Write JSON after ${key}:=, such as ${key}:=3 or ${key}:='"text"'.`,
    );
  }
}
