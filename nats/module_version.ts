/**
 * By what coordinators and workers know that they have the same tasks: a hash of a module and of all that it imports
 * by relative paths, one from the other. What comes from a registry or over HTTP is pinned by its specifier, and not
 * read; import maps are not followed.
 *
 * Imports are found in the text, so a path in a comment that leads to a file counts, too: the hash then covers more
 * than is needed, on both sides alike. Rejected: `deno info`, which needs permission to run programs.
 *
 * @module
 */
import { toErrorText } from "../internal/error_text.ts";
import { toErrorData } from "../errors.ts";
import type { ModuleVersion } from "./protocol.ts";

/** Characters of the hash that are kept: 64 bits distinguish versions, and people can read them. */
const LENGTH = 16;

/** Relative specifiers: after `from` or `import`, or within `import(…)`. */
const RELATIVE = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

/**
 * The name and the version of a module.
 *
 * @throws {Error} If the module cannot be read
 */
export async function versionOf(module: string | URL): Promise<ModuleVersion> {
  const url = new URL(module);
  const text = url.protocol === "file:" ? await readAll(url) : url.href;
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return {
    name: url.protocol === "data:" ? "data:" : url.pathname.split("/").at(-1)!,
    version: hash.toHex().slice(0, LENGTH),
  };
}

/** The text of a module and of what it imports, in an order that is the same on every machine. */
async function readAll(url: URL): Promise<string> {
  const sources = new Map<string, string>();
  await collect(url, sources, true);
  const base = new URL("./", url).href;
  return [...sources].map(([href, text]) => `${relative(base, href)}\n${text}\n`).sort().join("\0");
}

/** Reads a module and what it imports; what it seems to import and is not a file is left out. */
async function collect(url: URL, sources: Map<string, string>, isEntry: boolean): Promise<void> {
  let text: string;
  try {
    text = await Deno.readTextFile(url);
  } catch (error) {
    if (!isEntry && error instanceof Deno.errors.NotFound) return;
    const why = toErrorText(toErrorData(error)).split("\n")[0];
    throw new Error(
      `Cannot determine the version of ${url}: it cannot be read (${why}). Run with --allow-read on its folder`,
      { cause: error },
    );
  }
  sources.set(url.href, text);
  for (const [, specifier] of text.matchAll(RELATIVE)) {
    const target = new URL(specifier!, url);
    target.search = target.hash = "";
    if (!sources.has(target.href)) await collect(target, sources, false);
  }
}

/** A path that is the same on every machine. */
function relative(base: string, href: string): string {
  if (href.startsWith(base)) return href.slice(base.length);
  const from = base.split("/");
  const to = href.split("/");
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  return "../".repeat(from.length - same - 1) + to.slice(same).join("/");
}
