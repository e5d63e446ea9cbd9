/**
 * `pipeloom checkpoint`: copies the WAL into the database.
 *
 * Over a connection of its own and not through a writer Worker, which empties the WAL when it closes whatever
 * the mode.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { CHECKPOINT_MODES, type CheckpointMode, walCheckpoint } from "../../sqlite/checkpoint.ts";
import { connect } from "../../sqlite/connect.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { hasWal } from "../journal.ts";
import { mustBeThere } from "../open_database.ts";
import { type DbOption, dbOption, examples, jsonOption, wholeNumber } from "../options.ts";
import { setBusyTimeout } from "../../sqlite/pragmas.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { formatNumberOf } from "../../internal/units.ts";
import { writeLines } from "../terminal/terminal.ts";

/** Options of the command. */
export interface CheckpointOptions extends DbOption {
  /** How far it goes. */
  mode: CheckpointMode;
  /** Seconds to wait for others. */
  wait: number;
  /** Whether to print JSON. */
  json?: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      "Copy the WAL into the database. PASSIVE never waits, FULL waits for the writer, RESTART " +
        "for readers too, TRUNCATE also truncates the WAL to zero bytes. The exit code is 1 when another program " +
        "blocked it.",
    )
    .addOption(dbOption())
    .addOption(
      new Option("--mode <mode>", "passive, full, restart or truncate")
        .default("TRUNCATE", "truncate").argParser(checkpointMode),
    )
    .option("--wait <seconds>", "maximum time to wait for other programs", wholeNumber(0, 3600), 5)
    .addOption(jsonOption("what it did"))
    .addHelpText(
      "after",
      examples(
        ["checkpoint --db etl.db", "before the file is copied"],
        ["checkpoint --mode passive", "beside a pipeline that runs"],
      ),
    );
}

/** Does it. */
export async function run({ db, mode, wait, json }: CheckpointOptions): Promise<ExitCode> {
  await mustBeThere(db);
  // Asked before, because opening it for writing would give it a WAL.
  if (!await hasWal(db)) {
    writeLines([
      json
        ? sanitizedJson({ busy: false, log: -1, checkpointed: -1 })
        : `${sanitize(db)} has no WAL: there is nothing to copy`,
    ]);
    return EXIT.done;
  }
  using connection = await connect(db);
  setBusyTimeout(connection, wait * 1000);
  const result = walCheckpoint(connection, mode);
  writeLines([json ? sanitizedJson(result) : describe(result, sanitize(db))]);
  return result.busy ? EXIT.failed : EXIT.done;
}

function checkpointMode(text: string): CheckpointMode {
  const mode = CHECKPOINT_MODES.find((mode) => mode === text.toUpperCase());
  if (mode) return mode;
  throw new InvalidArgumentError(`Use one of ${CHECKPOINT_MODES.join(", ").toLowerCase()}.`);
}

function describe(
  { busy, log, checkpointed }: { busy: boolean; log: number; checkpointed: number },
  db: string,
): string {
  if (busy) {
    return `${db}: a reader or a writer was in the way; ` +
      `${checkpointed < 0 ? 0 : checkpointed} of ${formatNumberOf(Math.max(0, log), "page")} are ` +
      `copied, the rest stays in the WAL and is safe. Try again later, or use --mode passive`;
  }
  return log <= 0 && checkpointed <= 0
    ? `${db}: the WAL is empty`
    : `${db}: ${formatNumberOf(checkpointed, "page")} of ${log} copied`;
}
