/**
 * Which driver to use.
 *
 * `auto` must never show a permission prompt, never ask a registry, and never fail because one is out of reach. So
 * the FFI driver is tried only where everything that its import would ask for is granted already, and its package and
 * its library are cached, or its library is named; otherwise, or when it does not load, the built-in driver is used.
 *
 * @module
 */
import { checkChoice } from "../../internal/validate.ts";
import type { Driver, DriverName } from "./driver.ts";
import { isGranted } from "../../internal/permissions.ts";

/**
 * The driver to use: a name, or `auto` for FFI when it can be had without asking, else the built-in.
 *
 * @example From a flag
 * ```ts ignore
 * import type { DriverChoice } from "@pipeloom/pipeloom/db";
 *
 * const choose = (isFast: boolean): DriverChoice => isFast ? "ffi" : "auto";
 * ```
 */
export type DriverChoice = DriverName | "auto";

/** Every choice. */
export const DRIVER_CHOICES: readonly DriverChoice[] = ["auto", "ffi", "builtin"];

/** Which driver was chosen and, when `auto` could not have FFI, why. */
export interface SettledDriver {
  /** The driver's name. */
  name: DriverName;
  /** Why it is not the FFI driver. */
  reason?: string;
}

let ffi: Promise<Driver> | undefined;

/** Settles on a driver as {@linkcode settleDriver} does, and loads it. */
export async function chooseDriver(
  choice: DriverChoice = "auto",
): Promise<{ driver: Driver; reason?: string }> {
  const { name, ...why } = await settleDriver(choice);
  const driver = name === "ffi" ? await ffi! : (await import("./builtin.ts")).builtinDriver;
  return { driver, ...why };
}

/**
 * The driver to use, for a thread that opens no connection itself: of the drivers' modules it loads only what it takes
 * to know. The FFI driver is loaded once for each thread.
 *
 * @throws {TypeError} If the choice is not one of `auto`, `ffi` and `builtin`
 * @throws {Error} If `ffi` was asked for by name and cannot be had
 */
export async function settleDriver(choice: DriverChoice = "auto"): Promise<SettledDriver> {
  const operation = "open the database";
  checkChoice(choice, { operation, name: "driver", choices: DRIVER_CHOICES });
  if (choice === "builtin") return { name: "builtin", reason: "it was asked for" };
  const missing = missingPermission();
  try {
    if (missing) throw new Error(missing);
    const { loadFfiDriver } = await import("./ffi.ts");
    if (!ffi) await mayFetch(choice);
    await (ffi ??= loadFfiDriver());
    return { name: "ffi" };
  } catch (cause) {
    const reason = (cause as Error).message.split("\n")[0]!;
    if (choice === "auto") return { name: "builtin", reason };
    throw new Error(
      `Cannot use driver "ffi": ${reason}; ` +
        (missing
          ? "run with --allow-ffi --allow-env --allow-read --allow-write --allow-net"
          : "make jsr:@db/sqlite reachable, or set DENO_SQLITE_PATH to a SQLite library") +
        ', or use driver "builtin"',
      { cause },
    );
  }
}

/** Allows fetching packages if FFI was requested, and logs it; `auto` uses only cached packages. */
async function mayFetch(choice: DriverChoice): Promise<void> {
  const { FFI_PACKAGE, isLibraryCached } = await import("./ffi.ts");
  const { isCached } = await import("../../internal/jsr.ts");
  const library = Deno.env.get("DENO_SQLITE_PATH");
  const isAskedFor = choice === "ffi" || !!library;
  const parts: [name: string, cached: boolean | undefined, way: string][] = [
    [FFI_PACKAGE, await isCached(FFI_PACKAGE), `deno cache ${FFI_PACKAGE}`],
  ];
  if (!library) {
    const name = `the library of ${FFI_PACKAGE}`;
    parts.push([name, await isLibraryCached(), 'a run with driver "ffi"']);
  }
  for (const [name, cached, way] of parts) {
    if (cached) continue;
    if (!isAskedFor) throw new Error(`${name} is not cached; ${way} fetches it`);
    if (cached === false) console.error(`Fetching ${name} for driver "ffi": it is not cached`);
  }
}

/** Names what is not granted of all that importing `@db/sqlite` may ask for. */
function missingPermission(): string | undefined {
  for (const variable of ["DENO_SQLITE_PATH", "DENO_SQLITE_LOCAL"]) {
    if (!isGranted({ name: "env", variable })) return `--allow-env=${variable} is not granted`;
  }
  // Not for one library alone, because reading what a pointer points to needs all of it.
  const needed = Deno.env.get("DENO_SQLITE_PATH")
    ? ["ffi"] as const
    : ["ffi", "env", "read", "write", "net"] as const;
  for (const name of needed) if (!isGranted({ name })) return `--allow-${name} is not granted`;
  return undefined;
}
