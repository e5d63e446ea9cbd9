/**
 * Gives the space of deleted rows back to the disk.
 *
 * @module
 */
import { connect, type ConnectOptions, journalOf } from "./connect.ts";
import { databasePath, fileExists } from "./database_file.ts";
import { SqliteError } from "../errors.ts";
import { walCheckpoint } from "./checkpoint.ts";
import { isAttachRefused } from "./explain.ts";
import { rebuild } from "./rebuild.ts";

/**
 * Options of {@linkcode vacuum}.
 *
 * @example Wait ten seconds for others
 * ```ts ignore
 * import type { VacuumOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: VacuumOptions = { busyTimeoutMs: 10_000 };
 * ```
 */
export type VacuumOptions = Pick<ConnectOptions, "driver" | "busyTimeoutMs">;

/**
 * What {@linkcode vacuum} did.
 *
 * @example What it saved
 * ```ts ignore
 * import type { VacuumResult } from "@pipeloom/pipeloom/db";
 *
 * const saved = ({ before, after }: VacuumResult) => before - after;
 * ```
 */
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
 * It needs no more than permission to read and write the file. Under flags that allow SQLite no VACUUM, tables are
 * copied with SQL, which takes about twice as long.
 *
 * @param db A file's path or a `file:` URL
 * @throws {SqliteError} If there is no such file, or another connection writes
 *
 * @example After old runs are deleted
 * ```ts
 * import { connect, vacuum } from "@pipeloom/pipeloom/db";
 *
 * const folder = await Deno.makeTempDir();
 * (await connect(`${folder}/etl.db`)).close();
 * const { before, after } = await vacuum(`${folder}/etl.db`);
 * console.log(`${before} bytes before, ${after} now`);
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
  const { before, isDone } = await tryVacuum(file, { ...options, wal });
  if (!isDone) await vacuumByCopy(file, options, wal);
  const { size: after } = await Deno.stat(file);
  return { before, after };
}

/** Lets SQLite do it, where the runtime allows it to. */
async function tryVacuum(
  file: string,
  options: ConnectOptions,
): Promise<{ before: number; isDone: boolean }> {
  using connection = await connect(file, options);
  // What is in the WAL is in the file before it is measured.
  if (options.wal) walCheckpoint(connection, "TRUNCATE");
  const { size: before } = await Deno.stat(file);
  try {
    // On the disk: the copy is as long as the file.
    connection.exec("PRAGMA temp_store=FILE; VACUUM");
  } catch (error) {
    if (isAttachRefused(error)) return { before, isDone: false };
    throw error;
  }
  if (options.wal) walCheckpoint(connection, "TRUNCATE");
  return { before, isDone: true };
}

/** Copies the tables; the file has a WAL meanwhile. */
async function vacuumByCopy(file: string, options: VacuumOptions, wal: boolean): Promise<void> {
  try {
    using connection = await connect(file, { ...options, wal: true });
    await rebuild(connection);
    walCheckpoint(connection, "TRUNCATE");
  } finally {
    if (!wal) (await connect(file, { ...options, wal })).close();
  }
}
