/**
 * Opens the database of a command that reads.
 *
 * @module
 */
import type { DriverChoice } from "../sqlite/drivers/choose.ts";
import { databasePath, fileExists } from "../sqlite/database_file.ts";
import { Reader } from "../dashboard/server/reader.ts";
import { sanitize } from "./terminal/sanitize.ts";
import { CommandError } from "./terminal/failure.ts";
import { DEFAULT_DB } from "./options.ts";
import { mayRead } from "../internal/permissions.ts";
import { journalOf } from "../sqlite/connect.ts";

/** Opens a database for reading only, with what the queries of the dashboard need. */
export async function openDatabase(db: string, driver: DriverChoice = "auto"): Promise<Reader> {
  await mustBeThere(db);
  return await Reader.open(await databasePath(db), driver);
}

/** Rolls the journal back that a process left which died in the middle of a commit, for a command that writes. */
export async function rollBack(db: string, readOnly = false): Promise<void> {
  const file = await databasePath(db);
  if (readOnly || !mayRead(`${file}-journal`)) return;
  const journal = await Deno.stat(`${file}-journal`).catch(() => undefined);
  if (journal) await journalOf(db);
}

/** Refuses a file that is not there: no command creates one by mistake. */
export async function mustBeThere(db: string): Promise<void> {
  if (await fileExists(await databasePath(db))) return;
  const where = db === DEFAULT_DB ? `, or name another file with --db` : `, or check --db`;
  throw new CommandError(
    `Cannot open ${sanitize(db)}: there is no such file; run a pipeline first${where}`,
  );
}
