/**
 * What a reader that misbehaves costs the writer: rows per second while another connection stays in one
 * transaction, against the same without a reader.
 *
 * @module
 */
import { connectReadOnly } from "../db.ts";
import { SqliteWriter } from "../mod.ts";
import { makeRows, ROWS_TABLE } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

const COLUMNS = ["id", "name", "price", "amount", "note"];

/** How often each row is written in a round. */
const TIMES = 2_000;

export const heldReader: Benchmark = async (scale) => {
  using folder = benchFolder();
  const rows = makeRows(1_000);

  async function round(isHeld: boolean): Promise<number> {
    const db = folder.file();
    await using writer = await SqliteWriter.open({ db, driver: "builtin", schema: ROWS_TABLE });
    using reader = await connectReadOnly(db, { driver: "builtin" });
    if (isHeld) reader.exec("BEGIN; SELECT count(*) FROM item");
    const begun = performance.now();
    for (let n = 0; n < TIMES * scale; n++) {
      // Otherwise SQLite sees that nothing changes, and writes nothing.
      for (const row of rows) row[2] = row[2] as number + 1;
      await writer.insert("item", rows, { columns: COLUMNS, onConflict: ["id"] });
    }
    const ms = performance.now() - begun;
    if (isHeld) reader.exec("COMMIT");
    return TIMES * scale * rows.length / ms * 1_000;
  }

  const { free, held } = await alternate(5, { free: () => round(false), held: () => round(true) });
  return [{
    name: "Rows through the writer, a reader holds a snapshot",
    value: held,
    unit: "rows/s",
    baseline: { name: "no reader", value: free },
    atLeast: 0.9,
  }];
};
