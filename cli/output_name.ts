/**
 * Names of files that a command writes.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { fileURLToPath } from "node:url";

/** What only a folder is called. */
const FOLDER = /(^|[\\/])\.{0,2}$/;

/** Takes the name of a file: a path or a `file:` URL. */
export function outputName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Name a file.");
  if (text === "-") {
    throw new InvalidArgumentError("It cannot be a stream; ./- is a file of that name.");
  }
  if (/^file:/i.test(text)) return pathOf(text);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
    throw new InvalidArgumentError("Name a file by its path or a file:///path.");
  }
  if (FOLDER.test(text)) throw new InvalidArgumentError("It is a folder; name a file in it.");
  return text;
}

/** Takes the name of a file, or `-` for the standard output. */
export function outputOrStream(text: string): string {
  return text === "-" ? text : outputName(text);
}

function pathOf(url: string): string {
  try {
    const { host, search, hash } = new URL(url);
    if (/^file:\//i.test(url) && `${host}${search}${hash}` === "") return fileURLToPath(url);
  } catch {
    // The answer is the same.
  }
  throw new InvalidArgumentError("The only URL of a file is a plain file:///path.");
}
