/**
 * The directory of the shell, which is that of relative paths: a module that a command loads may change it.
 *
 * @module
 */
import { absolutePath, workingFolder } from "../internal/paths.ts";

const HERE = workingFolder();

/** Where a database is. */
export function locate(db: string | URL): string | URL {
  return absolutePath(db, HERE);
}

/** A text with the paths in it as they are called in the directory of the shell. */
export function fromHere(text: string): string {
  return HERE === undefined || HERE === "/" ? text : text.replaceAll(`${HERE}/`, "");
}
