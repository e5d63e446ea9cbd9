/**
 * The directory of the shell, which is that of relative paths: a module that a command loads may change it.
 *
 * @module
 */
import { absolutePath, workingFolder } from "../internal/paths.ts";

let here: string | undefined;

/** Takes the working directory for that of the shell, before a command begins. */
export function startHere(): void {
  here = workingFolder();
}

/** Where a database is. */
export function locate(db: string | URL): string | URL {
  return absolutePath(db, here);
}

/** A text with the paths in it as they are called in the directory of the shell. */
export function fromHere(text: string): string {
  return here === undefined || here === "/" ? text : text.replaceAll(`${here}/`, "");
}
