import { connect, type Connection, walCheckpoint } from "../../../../db.ts";
import { WalWatch } from "../../../../writer/worker/files/wal_watch.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "../../../support/drivers.ts";
import { tempFolder } from "../../../support/temp.ts";

const FRAME = 24 + 4096;

/** A WAL with some pages in it, that has been seen. */
async function open(db: string) {
  const connection = await connect(db);
  connection.exec("CREATE TABLE n (value)");
  write(connection, 20);
  const watch = WalWatch.open(`${db}-wal`)!;
  assert(watch.isSound());
  const close = () => {
    watch[Symbol.dispose]();
    connection.close();
  };
  return { connection, watch, wal: `${db}-wal`, [Symbol.dispose]: close };
}

/** Makes commits of some pages each. */
function write(connection: Connection, commits: number): void {
  for (let i = 0; i < commits; i++) connection.exec("INSERT INTO n VALUES (randomblob(9000))");
}

Deno.test("WalWatch.isSound() is true for a WAL that grows, is emptied, and begins again", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  using opened = await open(db);
  const { connection, watch } = opened;
  using other = await connect(db);
  for (let round = 0; round < 30; round++) {
    write(round % 3 === 0 ? other : connection, 5);
    assert(watch.isSound(), `Round ${round}`);
    if (round % 7 === 3) walCheckpoint(connection, "TRUNCATE");
    if (round % 7 === 5) walCheckpoint(other, "RESTART");
    assert(watch.isSound(), `Round ${round}`);
    // What is rolled back after it went into the WAL is written over by what follows.
    connection.exec("PRAGMA cache_size=10; BEGIN");
    write(connection, 20);
    assert(watch.isSound(), `Round ${round}`);
    connection.exec("ROLLBACK");
    write(connection, 1);
    assert(watch.isSound(), `Round ${round}`);
  }
});

for (
  const [what, damage] of [
    ["emptied by another program", (wal: string) => Deno.truncateSync(wal, 0)],
    ["cut off", (wal: string) => Deno.truncateSync(wal, 32 + 5 * FRAME)],
    ["written over", (wal: string) => {
      const zeros = new Uint8Array(Deno.statSync(wal).size);
      Deno.writeFileSync(wal, zeros);
    }],
  ] as const
) {
  Deno.test(`WalWatch.isSound() finds a WAL that is ${what} before the next commit`, async () => {
    using folder = tempFolder();
    using opened = await open(folder.file("etl.db"));
    damage(opened.wal);
    write(opened.connection, 1);
    assertEquals(opened.watch.isSound(), false);
  });
}

Deno.test("WalWatch.open() does without a WAL", () => {
  using folder = tempFolder();
  assertEquals(WalWatch.open(folder.file("none-wal")), undefined);
});
