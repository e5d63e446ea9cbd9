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
import { isGranted } from "./permissions.ts";

/** The packages. Their versions are those of `deno.json`, from where `deno install` fetches them. */
export type JsrPackage = "jsr:@db/sqlite@^0.13.0" | "jsr:@std/path@^1.0.0";

/**
 * Imports a package. It never shows a permission prompt.
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
