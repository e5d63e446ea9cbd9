/**
 * What a second, polling reader costs the writer: rows per second with and without one. The reader asks as
 * a dashboard does, ten times a second: `PRAGMA data_version`, the counts, and the newest tasks.
 *
 * @module
 */
import { SqliteWriter } from "../mod.ts";
import { makeRows, ROWS_TABLE } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

async function insert(file: string, rows: ReturnType<typeof makeRows>, read: boolean) {
  await using writer = await SqliteWriter.open({ db: file, driver: "builtin", schema: ROWS_TABLE });
  const reader = read
    ? new Worker(new URL("./reader.ts", import.meta.url), { type: "module" })
    : undefined;
  if (reader) {
    const ready = new Promise((resolve) => reader.onmessage = resolve);
    await ready;
    const reading = new Promise((resolve) => reader.onmessage = resolve);
    reader.postMessage(file);
    await reading;
  }
  const begun = performance.now();
  await writer.insert("item", rows.values());
  const speed = rows.length / (performance.now() - begun) * 1000;
  reader?.terminate();
  return speed;
}

export const readerCost: Benchmark = async (scale) => {
  using folder = benchFolder();
  const rows = makeRows(1_000_000 * scale);
  const { alone, watched } = await alternate(5, {
    alone: () => insert(folder.file(), rows, false),
    watched: () => insert(folder.file(), rows, true),
  });
  return [{
    name: "Rows through the writer beside a polling reader",
    value: watched,
    unit: "rows/s",
    baseline: { name: "without it", value: alone },
    atLeast: 0.95,
  }];
};
