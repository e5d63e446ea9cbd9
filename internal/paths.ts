/**
 * Paths and `file:` URLs, by `@std/path` where Deno's cache has it, else by the runtime's own `node:path` and
 * `node:url`; either is loaded when first needed. No registry is asked for it at run time.
 *
 * A relative path is made absolute in the call that it is given to, before anything is awaited, so that a later
 * `Deno.chdir` of a task or of another part of the program changes nothing.
 *
 * @module
 */
import { importCached } from "./jsr.ts";

interface PathFunctions {
  dirname(path: string): string;
  fromFileUrl(url: URL): string;
  toFileUrl(path: string): URL;
}

let loading: Promise<PathFunctions> | undefined;

/** Loads the path functions, once for each thread. */
export function paths(): Promise<PathFunctions> {
  return loading ??= load();
}

async function load(): Promise<PathFunctions> {
  const std = await importCached("jsr:@std/path@1.1.0");
  if (std) return std as PathFunctions;
  const path = await import("node:path");
  const url = await import("node:url");
  return {
    dirname: path.dirname,
    fromFileUrl: url.fileURLToPath,
    toFileUrl: (file) => url.pathToFileURL(file),
  };
}

/** What is no path: a database in memory, and the text of a URL. */
const NO_PATH = /^($|:memory:$|file:|[a-z][a-z0-9+.-]+:\/\/)/i;

/** What an absolute path begins with. */
const ABSOLUTE = Deno.build.os === "windows" ? /^([a-z]:)?[\\/]/i : /^\//;

/** A relative path from the working directory, or from another folder; anything else as it is. */
export function absolutePath<Path>(path: Path, folder?: string): Path | string {
  if (typeof path !== "string" || NO_PATH.test(path) || ABSOLUTE.test(path)) return path;
  const from = folder ?? workingFolder();
  return from === undefined
    ? path
    : `${from.replace(/[\\/]$/, "")}/${path.replace(/^(\.\/)+/, "")}`;
}

/** The working directory, which needs no permission; none when it was removed. */
export function workingFolder(): string | undefined {
  try {
    return Deno.cwd();
  } catch {
    return undefined;
  }
}
