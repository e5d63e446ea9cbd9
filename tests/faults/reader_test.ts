/**
 * A reader in another process holds a snapshot while a pipeline writes as fast as it can.
 *
 * Here until the warning has come; for a minute with `deno task test:faults`, which takes some 3 GB of disk.
 *
 * @module
 */
import { connectReadOnly } from "../../db.ts";
import { runPipeline, SqliteWriter, type WriterStats } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { IS_LONG } from "../support/long_form.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const HOLD_MS = IS_LONG ? 60_000 : 0;

const MIB = 2 ** 20;

/** Small, so that the short form takes no longer than it must. */
const WARN_BYTES = 16 * MIB;

const ROWS = 1_000;

/** What became of the load. */
interface Loaded {
  /** How often each row was written. */
  batches: number;
  /** The longest time that the pipeline waited for the writer, in milliseconds. */
  longestMs: number;
}

/** Rewrites the same rows again and again, so that only the WAL grows. */
async function load(writer: SqliteWriter, stopped: AbortSignal): Promise<Loaded> {
  let n = 0;
  let longestMs = 0;
  const report = await runPipeline(["load"], {
    db: writer,
    name: "load",
    handleSignals: false,
    async run(_, task) {
      while (!stopped.aborted) {
        n++;
        const rows = Array.from({ length: ROWS }, (_, id) => [id, n, `some text ${id % 97}`]);
        const before = performance.now();
        await task.insert("item", rows, { columns: ["id", "n", "note"], onConflict: ["id"] });
        longestMs = Math.max(longestMs, performance.now() - before);
        task.progress((n % 100) / 100);
      }
    },
  });
  assertEquals(report.status, "done");
  return { batches: n, longestMs };
}

/** What `console.warn` is given, instead of being printed. */
function catchWarnings(): Disposable & { texts: string[] } {
  const { warn } = console;
  const texts: string[] = [];
  console.warn = (text: string) => void texts.push(text);
  return { texts, [Symbol.dispose]: () => void (console.warn = warn) };
}

/** The health that others see of the run. */
function health(db: string, driver: "builtin" | "ffi"): Promise<Record<string, unknown>> {
  return connectReadOnly(db, { driver }).then((reader) => {
    using _ = reader;
    return reader.prepare("SELECT * FROM pipeline_runs").get()!;
  });
}

function perSecond(before: WriterStats, after: WriterStats, ms: number): number {
  return Math.round((after.rows - before.rows) / ms * 1_000);
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a reader that holds a snapshot stops no write, is warned of, and the WAL shrinks after it`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const size = () => Deno.statSync(`${db}-wal`).size;
    using warnings = catchWarnings();
    const stopping = new AbortController();
    await using writer = await SqliteWriter.open({
      db,
      driver,
      schema: "CREATE TABLE item (id INTEGER PRIMARY KEY, n INTEGER, note TEXT)",
      walWarnBytes: WARN_BYTES,
    });
    const loading = load(writer, stopping.signal);
    while ((await writer.stats()).rows < 100 * ROWS);
    assert(size() < WARN_BYTES, `${size()} bytes before any program reads`);

    await using reader = new Fixture("holding_reader.ts", folder.path, db, driver);
    const seen = Number(await reader.line());
    const begun = performance.now();
    const before = await writer.stats();
    await until(() => warnings.texts.length > 0);
    await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
    const held = await writer.stats();
    const heldMs = performance.now() - begun;
    assert(held.rows > before.rows + ROWS, "nothing is written while the reader reads");
    assert(held.walBytes! > WARN_BYTES && held.walHeldSince !== null);
    const row = await health(db, driver);
    assert(row.wal_held_since !== null && Number(row.wal_bytes) > WARN_BYTES);
    assertMatch(warnings.texts[0]!, /^Readers have kept the WAL of .*etl\.db from being emptied/);
    const doublings = Math.log2(held.walBytes! / WARN_BYTES);
    assert(warnings.texts.length <= 1 + doublings, `${warnings.texts.length} warnings`);

    const released = await writer.stats();
    const releasedAt = performance.now();
    reader.kill("SIGUSR1");
    assertEquals(Number(await reader.line()), seen, "its snapshot is another");
    await until(() => size() < WARN_BYTES);
    const shrunkMs = performance.now() - releasedAt;
    assert((await reader.status).success);
    while ((await writer.stats()).walHeldSince !== null);
    const after = await writer.stats();
    while ((await writer.stats()).rows < after.rows + 100 * ROWS);
    assert(size() < WARN_BYTES, "it grows again");
    const last = await writer.stats();
    const afterMs = performance.now() - releasedAt;

    stopping.abort();
    const { batches, longestMs } = await loading;
    assertEquals((await writer.stats()).rows, batches * ROWS);
    assertEquals((await writer.close())?.busy, false);
    using checked = await connectReadOnly(db, { driver });
    assertEquals(checked.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
    const rows = checked.prepare("SELECT count(*) AS rows, min(n) AS n FROM item").get()!;
    assertEquals([rows.rows, rows.n], [ROWS, batches]);
    assertEquals((await health(db, driver)).wal_held_since, null);
    console.log(
      `${driver}: held for ${(heldMs / 1_000).toFixed(1)} s: ` +
        `${(held.rows - before.rows).toLocaleString("en")} rows written (${
          perSecond(before, held, heldMs).toLocaleString("en")
        }/s), commit p99 ${held.commitMs.p99.toFixed(1)} ms, WAL ${
          Math.round(held.walBytes! / MIB)
        } MiB, ${warnings.texts.length} warnings; let go: under ${WARN_BYTES / MIB} MiB after ${
          Math.round(shrunkMs)
        } ms, ${perSecond(released, last, afterMs).toLocaleString("en")} rows/s; ` +
        `longest wait of the pipeline ${Math.round(longestMs)} ms`,
    );
  });
}
