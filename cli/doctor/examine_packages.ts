/**
 * What `pipeloom doctor` finds of packages: whether a run can do without a registry.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { isCached } from "../../internal/jsr.ts";
import { mayRead } from "../../internal/permissions.ts";
import { formatNumberOf } from "../../internal/units.ts";
import { FFI_PACKAGE, isLibraryCached } from "../../sqlite/drivers/ffi.ts";
import type { Check } from "./check.ts";

/** Packages of npm that the command line imports, and the pipelines that it runs. */
export const NPM_PACKAGES = [
  "@dagrejs/dagre",
  "@logtape/logtape",
  "@nats-io/jetstream",
  "@nats-io/transport-node",
  "@opentelemetry/api",
  "commander",
  "croner",
  "csv-parse",
  "fast-string-truncated-width",
  "hono",
  "lru-cache",
] as const;

/** Reports which packages are cached. Nothing is imported, so nothing is fetched. */
export async function examinePackages(): Promise<Check[]> {
  const missing = [];
  for (const name of NPM_PACKAGES) if (!await isResolved(config.imports[name])) missing.push(name);
  const there = NPM_PACKAGES.length - missing.length;
  const optional: [name: string, cached: boolean | undefined, without: string][] = [
    ["@db/sqlite", await isCached(FFI_PACKAGE), "driver ffi needs it"],
    ["its library", await isLibraryCached(), "driver ffi fetches it"],
    ["@std/path", await isCached("jsr:@std/path@1.1.0"), "the runtime's own is used"],
  ];
  const unknown = optional.filter(([, cached]) => cached === undefined).map(([name]) => name);
  return [{
    title: "Packages",
    state: missing.length > 0 ? "note" : "ok",
    found: [
      `${formatNumberOf(there, "package")} of npm ${there === 1 ? "is" : "are"} cached`,
      ...(missing.length > 0 ? [`not cached: ${missing.join(", ")}`] : []),
      ...optional.filter(([, cached]) => cached !== undefined).map(([name, cached, without]) =>
        cached ? `${name} is cached` : `${name} is not cached (${without})`
      ),
      ...(unknown.length > 0 ? [`of ${unknown.join(", ")} not known without --allow-env`] : []),
    ].join("; "),
    advice: missing.length > 0
      ? "deno cache jsr:@pipeloom/pipeloom/cli fetches all that a run needs"
      : undefined,
  }];
}

/** Whether a package is where the runtime would load it from. */
async function isResolved(specifier: string): Promise<boolean> {
  try {
    const url = new URL(import.meta.resolve(specifier));
    if (url.protocol !== "file:") return false;
    return !mayRead(url) || await Deno.stat(url).then(() => true, () => false);
  } catch {
    return false;
  }
}
