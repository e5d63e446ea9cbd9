/**
 * Which journal a file has.
 *
 * @module
 */
import { journalOf } from "../sqlite/connect.ts";

/** Whether a file that is there, and is to be written, has a WAL. */
export async function hasWal(db: string): Promise<boolean> {
  return await journalOf(db) === "wal";
}
