/**
 * Gives the space of deleted rows back to the disk.
 *
 * @module
 */
import { connect, type ConnectOptions, journalOf } from "./connect.ts";
import { databasePath, fileExists } from "./database_file.ts";
import { SqliteError } from "../errors.ts";
import { walCheckpoint } from "./checkpoint.ts";

/** Options of {@linkcode vacuum}. */
export type VacuumOptions = Pick<ConnectOptions, "driver" | "busyTimeoutMs">;

/** What {@linkcode vacuum} did. */
export interface VacuumResult {
  /** Bytes of the file before. */
  before: number;
  /** Bytes of the file now. */
  after: number;
}

/**
 * Builds the file of a database again without the space that deleted rows have left, while no pipeline runs. It takes
 * as much free disk as the file is long. The journal of the file stays what it is.
 *
 * With the built-in driver the runtime allows it only to programs that run with `-A`.
 *
 * @param db A file's path or a `file:` URL
 * @throws {SqliteError} If there is no such file, another connection writes or reads, or the flags do not allow it
 *
 * @example After old runs are deleted
 * ```ts
 * import { connect, SqliteError, vacuum } from "@pipeloom/pipeloom/db";
 *
 * const folder = await Deno.makeTempDir();
 * (await connect(`${folder}/etl.db`)).close();
 * try {
 *   const { before, after } = await vacuum(`${folder}/etl.db`);
 *   console.log(`${before} bytes before, ${after} now`);
 * } catch (error) {
 *   // The built-in driver under narrow flags: the message names the flags that work.
 *   if (!(error instanceof SqliteError)) throw error;
 *   console.error(error.message);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function vacuum(db: string | URL, options: VacuumOptions = {}): Promise<VacuumResult> {
  const file = await databasePath(db);
  if (file === ":memory:") throw new TypeError("Cannot vacuum :memory:: pass a path");
  if (!await fileExists(file)) {
    throw new SqliteError(`Cannot vacuum ${file}: there is no such file; check its path`);
  }
  const wal = await journalOf(file) === "wal";
  using connection = await connect(file, { ...options, wal });
  // What is in the WAL is in the file before it is measured.
  if (wal) walCheckpoint(connection, "TRUNCATE");
  const { size: before } = await Deno.stat(file);
  // On the disk: the copy is as long as the file.
  connection.exec("PRAGMA temp_store=FILE; VACUUM");
  if (wal) walCheckpoint(connection, "TRUNCATE");
  const { size: after } = await Deno.stat(file);
  return { before, after };
}
