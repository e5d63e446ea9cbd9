/**
 * Rows through the writer Worker, against the same rows written in the calling thread, by each driver.
 *
 * @module
 */
import { SqliteWriter } from "../mod.ts";
import type { DriverName } from "../db.ts";
import { chooseDriver } from "../sqlite/drivers/choose.ts";
import { insertInThisThread, makeRows, NARROW, ROW_SHAPES } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark, type Measurement } from "./measure.ts";

export const rowsThroughWriter: Benchmark = async (scale) => {
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  for (const driver of ["builtin", "ffi"] as DriverName[]) {
    try {
      await chooseDriver(driver);
    } catch (error) {
      console.log(`Not measured: ${(error as Error).message}`);
      continue;
    }
    for (const shape of ROW_SHAPES) {
      const { schema } = shape;
      // A round number of statements of any width.
      const rows = makeRows(Math.max(400, shape.count * scale), shape);
      const { ours, baseline } = await alternate(5, {
        baseline: () => insertInThisThread(folder.file(), rows, schema),
        ours: async () => {
          await using writer = await SqliteWriter.open({ db: folder.file(), driver, schema });
          const begun = performance.now();
          await writer.insert("item", rows.values());
          return rows.length / (performance.now() - begun) * 1000;
        },
      });
      measurements.push({
        name: `Rows through the writer, ${shape.name}, driver ${driver}`,
        value: ours,
        unit: "rows/s",
        baseline: { name: "calling thread, node:sqlite", value: baseline },
        atLeast: shape === NARROW ? 0.9 : 0.85,
      });
    }
  }
  return measurements;
};
