/**
 * Paths and `file:` URLs: `@std/path` when it loads, the runtime's own `node:path` when its registry is
 * out of reach. The only file that chooses between them; Workers need neither, because a path is made out
 * before it is sent to them.
 *
 * @module
 */
import { importFromJsr } from "./jsr.ts";

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
  try {
    return await importFromJsr("jsr:@std/path@^1.0.0") as PathFunctions;
  } catch {
    const path = await import("node:path");
    const url = await import("node:url");
    return {
      dirname: path.dirname,
      fromFileUrl: url.fileURLToPath,
      toFileUrl: (file) => url.pathToFileURL(file),
    };
  }
}
