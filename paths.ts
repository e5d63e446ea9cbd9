/**
 * Paths and `file:` URLs: `@std/path` when it loads, the runtime's own `node:path` when its registry is
 * out of reach. The only file that chooses between them.
 *
 * @module
 */

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
    return await import("@std/path") as unknown as PathFunctions;
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
