/**
 * Kills pipelines that are not atomic and write under keys, again and again until they are done: no row may be
 * missing, and none there twice. Without the keys of `fixtures/keyed.ts` there are, in every run of it.
 *
 * @module
 */
import { assert, assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

/** The items, and how many rows of each kind they have in the end. */
const ITEMS = Array.from({ length: 8 }, (_, i) => `item ${i}`).sort();
const LINES = 111;
const STREAMED = 2_500;

/** How many rows each item has, and how many different ones. */
const TABLES = {
  line: [LINES, "SELECT item, count(*), count(DISTINCT page || '.' || row) FROM line GROUP BY 1"],
  streamed: [STREAMED, "SELECT item, count(*), count(DISTINCT row) FROM streamed GROUP BY 1"],
} as const;

/** Runs the pipeline, and kills it after some pages, until it is done. Returns the number of kills. */
async function runThrough(
  db: string,
  { folder, driver, mode, random }: {
    folder: string;
    driver: string;
    mode: string;
    random: Random;
  },
): Promise<number> {
  const reported = new Set<string>();
  for (let kills = 0;; kills++) {
    // Enough for a task or two, whose first pages are sent again; it cannot get far beyond them.
    const pages = 10 + random.below(10);
    await using child = new Fixture("keyed.ts", folder, db, driver, `${pages + 3}`, mode);
    for (let i = 0; i < pages; i++) {
      const line = await child.line();
      if (line === "done") return kills;
      reported.add(line);
    }
    try {
      child.kill("SIGKILL");
    } catch {
      // The last pages were written meanwhile.
    }
    const { signal } = await child.status;
    const written = await readValues(db, "SELECT DISTINCT item || ' ' || page FROM line");
    const missing = reported.difference(new Set(written.flat()));
    assertEquals([...missing], [], `seed ${SEED}: what was reported as committed is there`);
    const [[status]] = await readValues(db, "SELECT status FROM pipeline_runs") as [[string]];
    if (status === "done") return kills + (signal ? 1 : 0);
  }
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a pipeline that is not atomic, killed again and again, writes under its keys once (seed ${SEED})`, async () => {
    using temp = tempFolder();
    const folder = temp.path;
    const random = new Random(SEED);
    const sum = { kills: 0, pipelines: 0, rows: 0, lost: 0, doubled: 0 };
    while (sum.pipelines === 0 || (IS_LONG && sum.kills < KILLS)) {
      const db = temp.file(`${sum.pipelines}.db`);
      // Every other one on Workers: that of the suite, and the first.
      const mode = sum.pipelines % 2 === 0 ? "pool" : "";
      const kills = await runThrough(db, { folder, driver, mode, random });
      // A thread writes 22 pages at most of 48, and there are two on the pool.
      assert(kills >= 1, "It was killed");
      sum.kills += kills;
      sum.pipelines++;
      for (const [each, sql] of Object.values(TABLES)) {
        const found = await readValues(db, sql) as [string, number, number][];
        assertEquals(found.map(([item]) => item), ITEMS);
        for (const [, rows, different] of found) {
          sum.rows += rows;
          sum.lost += each - different;
          sum.doubled += rows - different;
        }
      }
      // What is added to a sum twice is not there twice, but too much.
      const sums = await readValues(db, "SELECT DISTINCT lines FROM total");
      assertEquals(sums, [[LINES]], `seed ${SEED}`);
    }
    console.log(
      `${driver}, seed ${SEED}: ${sum.kills} kills of ${sum.pipelines} pipelines under keys, ` +
        `${sum.rows} rows, ${sum.lost} lost, ${sum.doubled} doubled`,
    );
    assertEquals([sum.lost, sum.doubled], [0, 0]);
  });
}
