/**
 * Packages of the JSR registry that the program can do without: the registry may be out of reach.
 *
 * A literal `import("jsr:…")` is looked up whenever a module graph that holds it is built, whether it is
 * ever run or not: where the registry is out of reach, each start of a Worker waited for it (measured:
 * 80 ms instead of 20, and 5 s for one in thirteen). So the specifier is a value here, and nothing
 * is looked up before it is asked for.
 *
 * @module
 */
import { isGranted, readEnv } from "./permissions.ts";

/** The packages. Their versions are those of `deno.json`: exact, so that every run loads the same code. */
export type JsrPackage =
  | "jsr:@db/sqlite@0.13.0"
  | "jsr:@std/assert@1.0.13"
  | "jsr:@std/path@1.1.0";

/**
 * Imports a package, which fetches what is not cached. It never shows a permission prompt.
 *
 * @throws {Error} If it cannot be had
 */
export async function importFromJsr(specifier: JsrPackage): Promise<unknown> {
  const permission = { name: "import", host: "jsr.io:443" } as const;
  if (!isGranted(permission)) {
    throw new Error("--allow-import=jsr.io is not granted");
  }
  return await import(specifier);
}

/** Imports a package where Deno's cache has it, so that no registry is asked; `undefined` otherwise. */
export async function importCached(specifier: JsrPackage): Promise<unknown> {
  if (!await isCached(specifier)) return undefined;
  return await importFromJsr(specifier).catch(() => undefined);
}

/**
 * Whether Deno's cache has a package, so that importing it asks no registry; `undefined` where that cannot be known.
 *
 * Deno offers no such question. Rejected: `deno info`, which needs permission to run programs, and takes 50 ms.
 */
export async function isCached(specifier: JsrPackage): Promise<boolean | undefined> {
  const [, name, version] = /^jsr:(.+)@(.+)$/.exec(specifier)!;
  const registry = readEnv("JSR_URL") || "https://jsr.io/";
  return await isFetched("remote", new URL(`${name}/${version}_meta.json`, registry));
}

/** Whether Deno's cache has what this address serves; `undefined` where that cannot be known. */
export async function isFetched(
  kind: CacheKind,
  url: URL,
  extension = "",
): Promise<boolean | undefined> {
  const path = await cachePath(kind, url, extension);
  if (path === undefined) return undefined;
  return await Deno.stat(path).then(() => true, () => false);
}

/** Deno keeps modules in `remote`, and its package `plug` keeps libraries beside them. */
type CacheKind = "remote" | "plug";

/**
 * Where Deno's cache keeps what this address serves, whether it has it or not; `undefined` where that cannot be known.
 * It is under the hash of the address's path, in a folder for the host.
 */
export async function cachePath(
  kind: CacheKind,
  url: URL,
  extension = "",
): Promise<string | undefined> {
  const folder = cacheFolder();
  if (folder === undefined || !isGranted({ name: "read" })) return undefined;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url.pathname));
  const host = url.hostname + (url.port ? `_PORT${url.port}` : "");
  const scheme = url.protocol.slice(0, -1);
  const name = new Uint8Array(hash).toHex() + extension;
  return `${folder}/${kind}/${scheme}/${host}/${name}`;
}

/** Deno's cache, as Deno looks for it; `undefined` where the environment may not be read or names none. */
function cacheFolder(): string | undefined {
  const named = readEnv("DENO_DIR");
  if (named) return named;
  const home = readEnv("HOME");
  switch (Deno.build.os) {
    case "windows":
      return within(readEnv("LOCALAPPDATA"), "deno");
    case "darwin":
      return within(home, "Library/Caches/deno");
    default:
      return within(readEnv("XDG_CACHE_HOME") || within(home, ".cache"), "deno");
  }
}

function within(folder: string | undefined, name: string): string | undefined {
  return folder ? `${folder}/${name}` : undefined;
}
