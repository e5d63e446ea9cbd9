/**
 * Rows that other programs write among the requests: whatever is in them, they are refused, and the run continues.
 */
import { startPipeline } from "../../mod.ts";
import { connect } from "../../db.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Requests that cannot be carried out: id, task and kind, and the answer. */
const RUBBISH: [id: string, task: string, kind: string, answer: RegExp][] = [
  ["10", "2", "'x'", /^Cannot do "x" to a run/],
  ["11", "NULL", "'CANCEL'", /^Cannot do "CANCEL" to a run/],
  ["12", "2", "x'00ff'", /^Cannot do Uint8Array/],
  ["13", "'two'", "'cancel'", /"two" is not an id/],
  ["14", "x'02'", "'cancel'", /is not an id/],
  ["15", "1.5", "'retry'", /1\.5 is not an id/],
  ["16", "-2", "'retry'", /-2 is not an id/],
  ["17", "9223372036854775807", "'cancel'", /is not an id/],
];

for (const driver of DRIVERS) {
  Deno.test(`${driver}: requests that make no sense are refused, and those after them carried out`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const pipeline = startPipeline(["first", "second", "third"], {
      db,
      driver,
      workers: 1,
      run: async (item, task) => {
        if (item !== "first") return;
        begun.resolve(task.flush());
        await end.promise;
      },
    });
    await begun.promise;
    using other = await connect(db, { driver });
    const insert = "INSERT INTO run_requests (id,run_id,task_id,kind,requested_at) VALUES ";
    for (const [id, task, kind] of RUBBISH) {
      other.exec(`${insert} (${id},1,${task},${kind},'')`);
    }
    other.exec(`${insert} (20,'no run',2,'cancel',''), (21,1,3,'cancel','')`);
    const answers = "SELECT answer FROM run_requests WHERE answered_at IS NOT NULL ORDER BY id";
    for (;;) {
      const answered = await readValues(db, answers);
      if (answered.length <= RUBBISH.length) continue;
      assertEquals(answered.at(-1), ["Cancelled"]);
      RUBBISH.forEach(([, , , answer], i) => assertMatch(`${answered[i]![0]}`, answer));
      break;
    }
    end.resolve();
    const { counts } = await pipeline.finished;
    assertEquals([counts.done, counts.cancelled], [2, 1]);
  });
}
