import { connectReadOnly } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";

const ROWS = 200_000;

/** With credits 210 MiB were measured; without them 400. */
const MAX_MIB = 300;

Deno.test("insertInChunks() keeps the memory of an eager producer bounded", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const script = new URL("../fixtures/eager_producer.ts", import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--no-check",
      "--allow-read",
      "--allow-write",
      script,
      db,
      `${ROWS}`,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { sent, peakMiB, seconds } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(sent, ROWS);
  using reader = await connectReadOnly(db, { driver: "builtin" });
  const { n, total } = reader.prepare("SELECT count(*) AS n, sum(value) AS total FROM n").get()!;
  assertEquals([n, total], [ROWS, ROWS * (ROWS - 1) / 2]);
  console.log(`${ROWS} rows in ${seconds.toFixed(1)} s, at most ${peakMiB.toFixed(0)} MiB`);
  assert(peakMiB < MAX_MIB, `${peakMiB} MiB`);
});
