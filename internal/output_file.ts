/**
 * Files that a command writes for a person: whole or not at all, and never over a database.
 *
 * @module
 */
import { isGranted, mayRead } from "./permissions.ts";

/** What a file of SQLite begins with. */
const MAGIC = "SQLite format 3\0";

/** What is appended to the name of a database for the files that belong to it. */
const COMPANIONS = /-(wal|shm|journal|owner-[0-9a-f-]{36})$/;

/**
 * Writes a text beside the file under another name and renames it, so that a file of that name is always whole. A
 * link stays a link. Where only the file itself may be written, or where it is a pipe or a device, it is written
 * as it is.
 *
 * @param databases Databases that may be open in this process, which are known without opening their files
 * @throws {TypeError} If the file is a database or belongs to one, also behind a link
 */
export async function writeOutput(
  file: string,
  text: string,
  databases: readonly string[],
): Promise<void> {
  await refuseDatabase(file, databases);
  const info = await statOf(file);
  const target = await realPath(file) ?? file;
  const partial = `${target}-partial-${crypto.randomUUID()}`;
  const isBeside = (!info || info.isFile) && isGranted({ name: "write", path: partial });
  if (!isBeside) return await Deno.writeTextFile(file, text);
  try {
    await Deno.writeTextFile(partial, text);
    await Deno.rename(partial, target);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

/**
 * Refuses a file that is a database, its `-wal`, its `-shm`, its `-journal` or the lock of a run.
 *
 * @throws {TypeError} If it is one
 */
export async function refuseDatabase(file: string, databases: readonly string[]): Promise<void> {
  const refuse = (what: string) => {
    throw new TypeError(`Cannot write ${file}: it ${what}. Name another file`);
  };
  // A database need not be there yet, and still nothing may take its name.
  for (const name of [file, await realPath(file)]) {
    const owner = name?.replace(COMPANIONS, "");
    if (owner !== undefined && owner !== name && (await statOf(owner))?.isFile) {
      refuse(`belongs to the database ${owner}`);
    }
  }
  const info = await statOf(file);
  for (const database of databases) {
    for (const end of ["", "-wal", "-shm", "-journal"]) {
      const other = await statOf(database + end);
      if (!info || !other) continue;
      if (info.ino !== null && info.ino === other.ino && info.dev === other.dev) {
        refuse(end === "" ? "is the database" : `belongs to the database ${database}`);
      }
    }
  }
  if (info?.isFile && await isDatabase(file)) refuse("is a database");
}

/** Whether the file begins as a database does; one that may not be read is taken for none. */
async function isDatabase(file: string): Promise<boolean> {
  if (!mayRead(file)) return false;
  using handle = await Deno.open(file);
  const bytes = new Uint8Array(MAGIC.length);
  const length = await handle.read(bytes);
  return length === bytes.length && new TextDecoder().decode(bytes) === MAGIC;
}

async function realPath(file: string): Promise<string | undefined> {
  return mayRead(file) ? await Deno.realPath(file).catch(() => undefined) : undefined;
}

async function statOf(file: string): Promise<Deno.FileInfo | undefined> {
  return mayRead(file) ? await Deno.stat(file).catch(() => undefined) : undefined;
}
