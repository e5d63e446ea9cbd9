/**
 * Rows through the writer Worker, against the same rows written in the calling thread, by each driver.
 *
 * @module
 */
import { SqliteWriter } from "../mod.ts";
import type { DriverName } from "../db.ts";
import { chooseDriver } from "../sqlite/drivers/choose.ts";
import { insertInThisThread, makeRows, ROWS_TABLE } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark, type Measurement } from "./measure.ts";

export const rowsThroughWriter: Benchmark = async (scale) => {
  using folder = benchFolder();
  const rows = makeRows(500_000 * scale);
  const measurements: Measurement[] = [];
  for (const driver of ["builtin", "ffi"] as DriverName[]) {
    try {
      await chooseDriver(driver);
    } catch (error) {
      console.log(`Not measured: ${(error as Error).message}`);
      continue;
    }
    const { ours, baseline } = await alternate(5, {
      baseline: () => insertInThisThread(folder.file(), rows),
      ours: async () => {
        await using writer = await SqliteWriter.open({
          db: folder.file(),
          driver,
          schema: ROWS_TABLE,
        });
        const begun = performance.now();
        await writer.insert("item", rows.values());
        return rows.length / (performance.now() - begun) * 1000;
      },
    });
    measurements.push({
      name: `Rows through the writer, driver ${driver}`,
      value: ours,
      unit: "rows/s",
      baseline: { name: "calling thread, node:sqlite", value: baseline },
      atLeast: 0.75,
    });
  }
  return measurements;
};
