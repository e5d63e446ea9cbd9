/**
 * The guide from the original lists for each of its names what became of it.
 *
 * @module
 */
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";

/** What the original 0.0.7 exports and its command line takes. */
const ORIGINAL = `
  run_pipeline db_path workers wal store_task_status worker_fn
  SQLiteWriter msg_q task_progress task_bar_map SENTINEL
  Msg MsgTaskStarted MsgTaskStart MsgTaskProgress MsgTaskFinished MsgTaskFinish
  make_overall_progress make_task_progress preregister_task_bars
  console logger setup_logging log_file connect init_schema wal_checkpoint
  --db --no-wal -n --num-tasks -w -v --verbose -l --log-file --store-task-status
  --arg --limit --format --watch
  demo run status init-db examples etl csv download file-writer`.trim().split(/\s+/);

Deno.test("the guide from the original has a verdict on each of its names", async () => {
  const guide = await Deno.readTextFile(new URL("docs/guides/from_python.md", ROOT));
  const part = guide.slice(guide.indexOf("## What is called what"), guide.indexOf("## Files"));
  const rows = part.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([, name]) => !/^(Python.*|-+)$/.test(name!));
  assert(rows.length > 30, `${rows.length} rows`);
  for (const [, name, verdict, here] of rows) {
    assert(["same", "other form", "left out"].includes(verdict!), `${name}: ${verdict}`);
    assert(verdict === "same" || here, `${name} has no reason`);
  }
  const words = new Set(rows.flatMap(([, name, , here]) => `${name} ${here}`.match(/[\w-]+/g)));
  assertEquals(ORIGINAL.filter((name) => !words.has(name)), []);
});
