/**
 * Which journal a file has.
 *
 * @module
 */
import { journalOf } from "../sqlite/connect.ts";

/** Whether an existing file that a command will write has a WAL. */
export async function hasWal(db: string): Promise<boolean> {
  return await journalOf(db) === "wal";
}
