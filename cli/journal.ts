/**
 * Which journal a file has.
 *
 * @module
 */
import { connectReadOnly } from "../sqlite/connect.ts";
import { journalMode } from "../sqlite/pragmas.ts";

/** Whether a file that is there has a WAL. */
export async function hasWal(db: string): Promise<boolean> {
  using reader = await connectReadOnly(db);
  return journalMode(reader) === "wal";
}
