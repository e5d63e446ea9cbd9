/**
 * `pipeloom doctor`: diagnoses problems and suggests fixes.
 *
 * @module
 */
import type { Command } from "commander";
import type { Check } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { type DbOption, dbOption, examples, jsonOption } from "../options.ts";
import { type Cell, flow } from "../terminal/table.ts";
import type { Style } from "../terminal/colors.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { surface, writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface DoctorOptions extends DbOption {
  /** Whether to print JSON. */
  json?: boolean;
}

const MARKS: Record<Check["state"], { sign: string; style: Style }> = {
  ok: { sign: "✔", style: "green" },
  note: { sign: "•", style: "cyan" },
  wrong: { sign: "✖", style: "red" },
};

/** Columns of the longest title. */
const TITLE_WIDTH = 12;

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Check the runtime, the SQLite driver, the permissions, the packages, the disk and the database " +
        "with its settings, its runs and their lock files, and suggest fixes. The database is opened " +
        "read-only; checking a large one takes time. The exit code is 1 when a check fails.",
    )
    .addOption(dbOption())
    .addOption(jsonOption("the findings"))
    .addHelpText("after", examples(["doctor --db etl.db", "before the first night"]));
}

/** Does it. */
export async function run({ db, json }: DoctorOptions): Promise<ExitCode> {
  const checks = await examine(db);
  const isWell = checks.every(({ state }) => state !== "wrong");
  writeLines(json ? [sanitizedJson({ ok: isWell, checks }, 2)] : describe(checks));
  return isWell ? EXIT.done : EXIT.failed;
}

function describe(checks: readonly Check[]): string[] {
  const { width, paint } = surface();
  const on = { width: Math.max(20, width - TITLE_WIDTH - 2), paint, separator: " " };
  const indent = " ".repeat(TITLE_WIDTH + 2);
  return checks.flatMap(({ title, state, found, advice }) => {
    const { sign, style } = MARKS[state];
    const words = (text: string, style?: Style): Cell[] =>
      sanitize(text).split(" ").map((text) => ({ text, style }));
    const lines = [
      ...flow(words(found), on),
      ...(advice ? flow(words(`→ ${advice}`, state === "wrong" ? "red" : "cyan"), on) : []),
    ];
    return lines.map((line, i) =>
      (i === 0 ? `${paint(style, sign)} ${title.padEnd(TITLE_WIDTH)}` : indent) + line
    );
  });
}
