/**
 * Modules of Workers: how caches find them, and why one did not start.
 *
 * @module
 */

/**
 * The URL of a Worker's module. `deno cache` and `deno compile` follow imports and no URLs, so a function that imports
 * the module stands beside it: it is never called, and leads them there.
 */
export function workerEntry(url: URL, _forCaches: () => Promise<unknown>): URL {
  return url;
}

/** Deno's error for a module that `--cached-only` or a closed registry keeps from it, with its specifier. */
const NOT_CACHED =
  /(?:Specifier not found in cache|Module not found in cache|not found in (?:the )?(?:npm |jsr )?cache)\W*"?([^\s",]+)?/i;

/**
 * The reason, and what to do.
 *
 * @param entry The Worker's module
 * @param message The message of its `error` event
 */
export function whyNotStarted(entry: URL, message: string): string {
  const unread = /Requires read access to (".+?")/.exec(message)?.[1];
  if (unread) {
    return `its Worker is the file ${unread}, which may not be read. Add ${packageFolder()} to ` +
      `--allow-read`;
  }
  const missing = NOT_CACHED.exec(message);
  if (missing) {
    return `its Worker module ${
      missing[1] ?? entry.href
    } is not cached. Run deno cache on your program ` +
      `where its registry can be reached`;
  }
  const text = message.replace(/^Uncaught (\(in promise\) )?/, "").trim();
  return `its Worker module ${entry.href} does not load: ${text}. Run deno cache on your program, and name ` +
    `the module to deno compile with --include`;
}

/** The folder of this package, where it is a checkout: a package of a registry needs no permission. */
function packageFolder(): string {
  const root = new URL("..", import.meta.url);
  return root.protocol === "file:" ? decodeURIComponent(root.pathname).replace(/\/$/, "") : "it";
}

/** The message of a failed import; where a cache lacks the module, with what to do. */
export function withCacheAdvice(message: string, module: string | URL): string {
  return NOT_CACHED.test(message) ? `${message}. Run deno cache ${module}` : message;
}
