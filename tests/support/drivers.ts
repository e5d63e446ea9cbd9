/**
 * The drivers that tests run over: every one that loads here. Which did not, and why, is printed.
 *
 * @module
 */
import { chooseDriver } from "../../sqlite/drivers/choose.ts";
import type { DriverName } from "../../db.ts";

async function available(): Promise<DriverName[]> {
  try {
    await chooseDriver("ffi");
    return ["builtin", "ffi"];
  } catch (error) {
    console.log(`Driver ffi is not tested: ${(error as Error).message}`);
    return ["builtin"];
  }
}

/** Names of the drivers that load. */
export const DRIVERS: readonly DriverName[] = await available();
