import { clientOf, SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import { assertEquals } from "../../support/assert.ts";
import { isInstalled } from "../../support/child.ts";
import { AT, end, LATER, queue, start, startRun } from "../worker/store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

/** What the Python original creates, and a run that it left behind half-way. */
const ORIGINAL = `
  CREATE TABLE task_runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0.0,
    message TEXT,
    started_at TEXT,
    finished_at TEXT,
    result TEXT
  );
  CREATE INDEX idx_task_runs_status ON task_runs(status);
  INSERT INTO task_runs VALUES
    (1, 'old done', 'done', 1.0, NULL, '${AT}', '${LATER}', '{"rows": 3}'),
    (7, 'old running', 'running', 0.25, 'half-way', '${AT}', NULL, NULL);
  PRAGMA user_version=42;`;

const EIGHT = "id, name, status, progress, message, started_at, finished_at, result";

async function sqlite3(db: string, sql: string): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command("sqlite3", {
    args: ["-init", "/dev/null", "-json", db, sql],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "SqliteWriter.open() extends a file of the original's make, and keeps its rows",
  ignore: !await isInstalled("sqlite3"),
  async fn() {
    using folder = tempFolder();
    const db = folder.file("original.db");
    await sqlite3(db, ORIGINAL);
    const before = JSON.parse(await sqlite3(db, `SELECT ${EIGHT} FROM task_runs ORDER BY id`));
    assertEquals(before.length, 2);

    const writer = await SqliteWriter.open({ db, driver: "builtin" });
    const { run, firstId } = await clientOf(writer).request(startRun(2)) as RunStarted;
    assertEquals(firstId, 8);
    await clientOf(writer).request(queue(run, [8, 9]));
    await Promise.all(
      [start(run, 8), end(run, 8)].map((message) => clientOf(writer).request(message)),
    );
    await clientOf(writer).request({ kind: "finish_run", run, status: "done", finishedAt: LATER });
    await writer.close();

    const old = await sqlite3(db, `SELECT ${EIGHT} FROM task_runs WHERE id < 8 ORDER BY id`);
    assertEquals(JSON.parse(old), before);
    const more = await sqlite3(db, "SELECT id, status, run_id FROM task_runs WHERE id >= 8");
    assertEquals(JSON.parse(more), [
      { id: 8, status: "done", run_id: run },
      { id: 9, status: "queued", run_id: run },
    ]);
    // The original continues with the file: it names its columns, and so nothing of ours is in its way.
    await sqlite3(
      db,
      `INSERT INTO task_runs (${EIGHT}) VALUES (10, 'new', 'queued', 0.0, NULL, NULL, NULL, NULL)`,
    );
    assertEquals(JSON.parse(await sqlite3(db, "PRAGMA user_version")), [{ user_version: 42 }]);
    assertEquals(JSON.parse(await sqlite3(db, "PRAGMA integrity_check")), [{
      integrity_check: "ok",
    }]);
  },
});
