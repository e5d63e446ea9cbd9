/**
 * Many processes that queue for one run at a time, while some of them are killed at random instants. One round
 * here, forty with `deno task test:faults`. To wait for a random time is the point: there is no signal to wait
 * for.
 *
 * @module
 */
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IS_LONG, KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

const ROUNDS = IS_LONG ? Math.ceil(KILLS / 5) : 1;
const PROCESSES = 5;

/** The longest time until a process is killed, and the longest that a task takes, in milliseconds. */
const MAX_LIFE_MS = 1_500;
const MAX_TASK_MS = 200;

/** Reads what a process prints until its report, or until it is gone. */
async function reportOf(fixture: Fixture): Promise<{ status?: string } | undefined> {
  try {
    for (;;) {
      const line = await fixture.line();
      if (line.startsWith("{")) return JSON.parse(line);
    }
  } catch {
    return undefined;
  }
}

/** Of processes that queue, some are killed. Returns how many were, before they were done. */
async function round(random: Random): Promise<number> {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const killed = new Set<string>();
  await Promise.all(
    Array.from({ length: PROCESSES }, async (_, n) => {
      const who = `process ${n}`;
      const taskMs = `${1 + random.below(MAX_TASK_MS)}`;
      await using fixture = new Fixture("overlapping.ts", folder.path, db, "queue", who, taskMs);
      // The last one lives, and sees to what the others have left.
      const lifeMs = n < PROCESSES - 1 && n % 2 === 0 ? random.below(MAX_LIFE_MS) : undefined;
      const timer = lifeMs === undefined ? undefined : setTimeout(() => {
        killed.add(who);
        fixture.kill("SIGKILL");
      }, lifeMs);
      const report = await reportOf(fixture);
      clearTimeout(timer);
      if (report) killed.delete(who);
      assertEquals(report?.status, killed.has(who) ? undefined : "done", who);
    }),
  );
  let under: string | undefined;
  const ended = new Set<string>();
  for (const [who, what] of await readValues(db, "SELECT who, what FROM event ORDER BY id")) {
    if (what === "begin") {
      assert(under === undefined || killed.has(under), `${who} began while ${under} was active`);
      under = `${who}`;
    } else {
      assertEquals(under, who, `${who} ended`);
      under = undefined;
      ended.add(`${who}`);
    }
  }
  for (let n = 0; n < PROCESSES; n++) {
    assert(killed.has(`process ${n}`) || ended.has(`process ${n}`), `process ${n} never ran`);
  }
  // Whatever was left is found by the next.
  await runPipeline([1], { db, name: "nightly", overlap: "refuse", run: () => {} });
  const left = await readValues(db, "SELECT count(*) FROM pipeline_runs WHERE status='running'");
  assertEquals(left, [[0]]);
  return killed.size;
}

Deno.test(`runs that queue never overlap, whichever process is killed (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  let kills = 0;
  for (let i = 0; i < ROUNDS; i++) kills += await round(random);
  console.log(`${ROUNDS * PROCESSES} processes in ${ROUNDS} rounds, ${kills} of them killed`);
});
