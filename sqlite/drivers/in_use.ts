/**
 * Which driver the writers of this thread use for which file.
 *
 * The two drivers bring two copies of the SQLite library. POSIX file locks belong to the process: when one
 * copy closes a file, the locks of the other are gone, and commits can be lost (seen: a reader of the other
 * driver closed, another program then removed the WAL under the writer). So a thread that opens a file that a
 * writer holds open gets the writer's driver, or an error.
 *
 * @module
 */
import type { DriverChoice } from "./choose.ts";
import type { DriverName } from "./driver.ts";
import { mayRead } from "../../internal/permissions.ts";

interface Held {
  driver: DriverName;
  holders: number;
}

const held = new Map<string, Held>();

/** Remembers that a writer uses a driver for a file, until what it returns is called. */
export function holdDriver(file: string, driver: DriverName): () => void {
  const key = identityOf(file);
  if (key === undefined) return () => {};
  const entry = held.get(key) ?? { driver, holders: 0 };
  held.set(key, entry);
  entry.holders++;
  return () => {
    if (--entry.holders === 0) held.delete(key);
  };
}

/**
 * The driver to choose for a file: that of the writer which holds it, else the caller's.
 *
 * @throws {TypeError} If another driver was asked for by name
 */
export function driverFor(file: string, choice: DriverChoice = "auto"): DriverChoice {
  const key = held.size > 0 ? identityOf(file) : undefined;
  const driver = key === undefined ? undefined : held.get(key)?.driver;
  if (!driver || choice === driver) return choice;
  if (choice === "auto") return driver;
  throw new TypeError(
    `Cannot open ${file} with driver "${choice}": its writer uses "${driver}" in this process; ` +
      `use the same one, or leave it out`,
  );
}

/**
 * A name for the file that does not depend on how its path is written, nor on whether it is there yet; none for
 * what no two share.
 */
function identityOf(file: string): string | undefined {
  if (file === ":memory:") return;
  const [, folder, name] = /^(.*[\\/])?([^\\/]*)$/.exec(file)!;
  return realPath(file) ?? `${realPath(folder ?? ".") ?? folder ?? ""}/${name}`;
}

/** The path that a file or folder really has; `undefined` when it is not there or may not be read. */
function realPath(path: string): string | undefined {
  // Deno would ask for it, in a terminal.
  if (!mayRead(path)) return;
  try {
    return Deno.realPathSync(path);
  } catch {
    return;
  }
}
