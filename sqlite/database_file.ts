/**
 * Where a database is: from the path or URL that a user gives to a file that can be opened.
 *
 * @module
 */
import { SqliteError } from "../errors.ts";
import { explain } from "./explain.ts";
import { isGranted } from "../internal/permissions.ts";
import { absolutePath, folderOf, paths } from "../internal/paths.ts";

/**
 * The file that a path or `file:` URL names, or `:memory:`. A relative path is one from the directory in which this
 * is called.
 */
export async function databasePath(path: string | URL): Promise<string> {
  if (path === ":memory:") return path;
  const text = String(path);
  if (text === "" || (typeof path !== "string" && !(path instanceof URL))) {
    throw new TypeError(
      `Cannot open ${Deno.inspect(path)}: pass a path, a file: URL or ":memory:"`,
    );
  }
  if (typeof path === "string" && !/^(file:|[a-z][a-z0-9+.-]+:\/\/)/i.test(path)) {
    return absolutePath(path);
  }
  const url = URL.parse(text);
  if (!/^file:\//i.test(text) || !url || url.host || url.search || url.hash) {
    throw new TypeError(`Cannot open ${text}: the only URL of a database is a plain file:///path`);
  }
  return (await paths()).fromFileUrl(url);
}

/** Refuses what is not a file by name and creates a missing parent folder. */
export function prepareFile(file: string): void {
  if (file === ":memory:" || isFile(file, lookAt(file))) return;
  const folder = folderOf(file);
  // The permission can be for the file alone; opening the file fails if its folder is missing.
  if (folder === "" || !isGranted({ name: "write", path: folder })) return;
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new SqliteError(
      `Cannot open ${file}: its folder cannot be created (${(error as Error).message}); ` +
        `create it, or choose another path`,
      "other",
      { cause: error },
    );
  }
}

/**
 * Whether there is a file, which it must be if there is anything. It waits for the system, so that a program that asks
 * again and again leaves others their turn.
 */
export async function fileExists(file: string): Promise<boolean> {
  return isFile(file, await Deno.stat(file).catch((error: Error) => error));
}

function lookAt(file: string): Deno.FileInfo | Error {
  try {
    return Deno.statSync(file);
  } catch (error) {
    return error as Error;
  }
}

function isFile(file: string, found: Deno.FileInfo | Error): boolean {
  if (found instanceof Deno.errors.NotFound) return false;
  if (found instanceof Deno.errors.NotADirectory) {
    throw new SqliteError(
      `Cannot open ${file}: a part of its path is a file, not a folder; choose another path`,
    );
  }
  if (found instanceof Error) throw explain(found, file);
  if (found.isFile) return true;
  throw new SqliteError(
    `Cannot open ${file}: it is ${found.isDirectory ? "a folder" : "not a file"}; name a file`,
  );
}
