/**
 * A copy of a database while others write to it.
 *
 * SQLite copies one snapshot over a read-only connection, so the copy is the database as it was at one commit, and
 * a writer continues meanwhile: with the built-in driver by its backup API in one single step (with several, each
 * commit of another connection would make it start again), with FFI by `VACUUM INTO`. Rejected: copying the file,
 * which is torn when another program writes and lacks what is in the WAL.
 *
 * @module
 */
import { checkOptionNames } from "../internal/validate.ts";
import { connectReadOnly, type ConnectReadOnlyOptions } from "./connect.ts";
import { databasePath, fileExists, prepareFile } from "./database_file.ts";
import { SqliteError } from "../errors.ts";
import { refuseDatabase } from "../internal/output_file.ts";

/**
 * Options of {@linkcode backup}.
 *
 * @example With the driver of the pipeline
 * ```ts ignore
 * import type { BackupOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: BackupOptions = { driver: "builtin" };
 * ```
 */
export type BackupOptions = Pick<ConnectReadOnlyOptions, "driver">;

/**
 * Copies a database into a new file, as it is at this moment. A pipeline that writes to it continues; its WAL
 * grows until the copy is made. The copying keeps this thread busy.
 *
 * The copy is written beside `to` under another name, brought to the disk and renamed, so that a file of the name
 * `to` is always whole.
 *
 * @param db A file's path or a `file:` URL
 * @param to The path of the new file; a missing folder is created
 * @throws {SqliteError} If `db` cannot be read, or there is a file `to`: nothing is overwritten
 *
 * @example A copy before something risky
 * ```ts
 * import { backup, connect } from "@pipeloom/pipeloom/db";
 *
 * const folder = await Deno.makeTempDir();
 * const connection = await connect(`${folder}/shop.db`);
 * connection.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY)");
 * await backup(`${folder}/shop.db`, `${folder}/copies/monday.db`);
 * connection.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function backup(
  db: string | URL,
  to: string | URL,
  options: BackupOptions = {},
): Promise<void> {
  checkOptionNames(options, { operation: "copy the database", known: ["driver"] });
  const [source, target] = await Promise.all([databasePath(db), databasePath(to)]);
  if (target === ":memory:") throw new TypeError("Cannot copy into :memory:: pass a path");
  await refuse(target);
  await refuseDatabase(target, []);
  using connection = await connectReadOnly(source, options);
  prepareFile(target);
  const partial = `${target}-partial-${crypto.randomUUID()}`;
  try {
    await connection.copyInto(partial, target);
    using file = await Deno.open(partial, { read: true, write: true });
    await file.syncData();
    // Another may have made one meanwhile; from here on the name is ours.
    await claim(target);
    await Deno.rename(partial, target);
  } catch (error) {
    // What SQLite keeps beside a file that it writes is left behind where the disk is full.
    for (const end of ["", "-journal", "-wal"]) await Deno.remove(partial + end).catch(() => {});
    throw error;
  }
}

async function refuse(target: string): Promise<void> {
  if (await fileExists(target)) throw taken(target);
}

async function claim(target: string): Promise<void> {
  try {
    (await Deno.open(target, { write: true, createNew: true })).close();
  } catch (error) {
    throw error instanceof Deno.errors.AlreadyExists ? taken(target) : error;
  }
}

function taken(target: string): SqliteError {
  return new SqliteError(
    `Cannot copy into ${target}: there is such a file; remove it, or choose another path`,
  );
}
