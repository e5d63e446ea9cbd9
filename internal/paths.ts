/**
 * Paths and `file:` URLs. URLs are read by `@std/path` where Deno's cache has it, else by the runtime's own `node:url`;
 * either is loaded when first needed, because it takes ten milliseconds. No registry is asked for it at run time.
 *
 * A relative path is made absolute in the call that it is given to, before anything is awaited, so that a later
 * `Deno.chdir` of a task or of another part of the program changes nothing.
 *
 * @module
 */
interface PathFunctions {
  fromFileUrl(url: URL): string;
  toFileUrl(path: string): URL;
}

let loading: Promise<PathFunctions> | undefined;

/** Loads the path functions, once for each thread. */
export function paths(): Promise<PathFunctions> {
  return loading ??= load();
}

async function load(): Promise<PathFunctions> {
  const { importCached } = await import("./jsr.ts");
  const std = await importCached("jsr:@std/path@1.1.0");
  if (std) return std as PathFunctions;
  const url = await import("node:url");
  return {
    fromFileUrl: url.fileURLToPath,
    toFileUrl: (file) => url.pathToFileURL(file),
  };
}

/** The folder of a file, with the separator at its end; empty for a bare name. */
export function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), lastBackslash(file)) + 1);
}

/** On other systems it is a character of a name. */
function lastBackslash(path: string): number {
  return Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1;
}

/** What is not a path: a database in memory, and the text of a URL. */
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
