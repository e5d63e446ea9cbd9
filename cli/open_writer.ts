/**
 * Opens the database of a command that reads first and then writes. Apart from what only reads, which needs no writer.
 *
 * @module
 */
import type { Reader } from "../dashboard/server/reader.ts";
import { SqliteWriter } from "../writer/client/sqlite_writer.ts";
import { journalMode } from "../sqlite/pragmas.ts";

/** Opens what is being read for writing, too: with the same driver, and its journal stays what it is. */
export async function openWriter(db: string, { connection }: Reader): Promise<SqliteWriter> {
  const wal = journalMode(connection) === "wal";
  return await SqliteWriter.open({ db, driver: connection.driver, wal });
}
