/**
 * A database that another process has locked: for a while, and for ever.
 *
 * @module
 */
import { connect, connectReadOnly } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import {
  assertFailed,
  assertKept,
  assertResumes,
  printFault,
  TASKS,
  Victim,
  type VictimOptions,
} from "../support/faulted.ts";
import { IS_LONG, variantTest } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

/** Milliseconds of a lock that is let go of. */
const LOCKED_MS = IS_LONG ? 5_000 : 1_000;

/** How long the writer waits: as it does by default, or for a short test. */
const BUSY_TIMEOUT_MS = IS_LONG ? undefined : 1_000;

/** Milliseconds by which the process may outlive the wait: short ones, closing, and a busy machine. */
const SLACK_MS = 50_000;

for (const driver of DRIVERS) {
  for (const wal of [true, false]) {
    const journal = wal ? "" : " without a WAL";
    variantTest(wal)(
      `${driver}: a database${journal} that is locked for ${LOCKED_MS} ms holds a pipeline up, no more`,
      async () => {
        using folder = tempFolder();
        const db = folder.file("etl.db");
        const options: VictimOptions = { db, driver, folder: folder.path, wal };
        await using child = Victim.held(options);
        await child.more(200);
        {
          using other = await connect(db, { driver, wal });
          other.exec("BEGIN IMMEDIATE; UPDATE line SET text = 'not by us'");
          // Of the same driver: another library, in the same process, would let go of the lock.
          using reader = await connectReadOnly(db, { driver });
          const lines = () => reader.prepare("SELECT count(*) AS lines FROM line").get()!.lines;
          const before = lines();
          await new Promise((resolve) => setTimeout(resolve, LOCKED_MS));
          assertEquals(lines(), before);
          other.exec("ROLLBACK");
        }
        await child.more(200);
        child.release();
        const ending = await child.end();
        printFault(`locked for ${LOCKED_MS} ms`, options, child, ending);
        assertEquals([ending.code, ending.stderr], [0, ""]);
        assertEquals([child.counts?.done, child.counts?.error], [TASKS, 0]);
        await assertKept(db, child.acknowledged);
      },
    );
  }

  Deno.test(`${driver}: a database that stays locked ends a pipeline with an error that names it`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const options: VictimOptions = { db, driver, folder: folder.path };
    await using child = Victim.held({ ...options, busyTimeoutMs: BUSY_TIMEOUT_MS });
    await child.more(200);
    {
      using other = await connect(db, { driver });
      other.exec("BEGIN IMMEDIATE");
      child.mark();
      const ending = await child.end();
      printFault("locked for ever", options, child, ending);
      assertFailed(
        ending,
        "SqliteError",
        db,
        "Database is locked",
        "find who has it open (with fuser or lsof)",
      );
      const waitMs = BUSY_TIMEOUT_MS ?? 60_000;
      assert(ending.ms >= waitMs - 100 && ending.ms < waitMs + SLACK_MS, `${ending.ms} ms`);
      // Nor can a run begin.
      await using next = new Victim({ ...options, busyTimeoutMs: 200 });
      assertFailed(await next.end(), "SqliteError", db, "Database is locked");
    }
    child.release();
    await assertKept(db, child.acknowledged);
    await assertResumes(options, child.acknowledged);
  });
}
