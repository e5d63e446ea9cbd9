/**
 * @module
 */
import { StatementDeadline } from "../../../writer/client/statement_deadline.ts";
import { StatementBoard } from "../../../writer/protocol/statement_board.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";

/** A deadline over a board of its own, and the first reason to end the writer. */
function limited(tasks?: () => Iterable<{ id: number }>) {
  const stop = new AbortController();
  const board = new StatementBoard();
  // As another thread writes it.
  const writer = new StatementBoard(board.memory);
  const ended = Promise.withResolvers<string>();
  const limit = { signal: stop.signal, graceMs: 0, tasks };
  const deadline = new StatementDeadline(limit, { board, end: ended.resolve });
  return { stop, board: writer, deadline, ended: ended.promise };
}

Deno.test("StatementBoard shows the statement of another thread, cut at whole characters", () => {
  const { board } = limited();
  const seen = new StatementBoard(board.memory);
  assertEquals(seen.read(), undefined);
  board.enter("SELECT 1", 7);
  assertEquals(seen.read(), { number: 1, sql: "SELECT 1", task: 7 });
  board.enter("ä".repeat(2_000), undefined);
  assertEquals(seen.read(), { number: 2, sql: "ä".repeat(500), task: undefined });
  board.leave();
  assertEquals(seen.read(), undefined);
});

Deno.test("StatementDeadline ends the writer for the first statement that must end", async () => {
  const { board, deadline, ended } = limited();
  using _ = deadline;
  board.enter("UPDATE slow", 1);
  deadline.limitTask(1, 60_000, "its time was up");
  deadline.limitTask(2, 1, "its time was up");
  setTimeout(() => board.enter("SELECT endless", 2), 120);
  assertMatch(
    await ended,
    /^a statement of task 2 still ran 1000 ms after its time was up: "SELECT /,
  );
});

Deno.test("StatementDeadline ends a writer of one run for any statement, once the run is stopped", async () => {
  const { stop, board, deadline, ended } = limited();
  using _ = deadline;
  board.enter("CREATE TABLE endless", undefined);
  stop.abort();
  assertMatch(await ended, /^a statement still ran 1000 ms after the run was stopped: "CREATE /);
});

Deno.test("StatementDeadline lets the statements of other runs take their time", async () => {
  const { stop, board, deadline, ended } = limited(() => [{ id: 3 }]);
  using _ = deadline;
  board.enter("UPDATE of another", 4);
  stop.abort();
  setTimeout(() => board.enter("SELECT endless", 3), 120);
  assertMatch(await ended, /^a statement of task 3 .*stopped: "SELECT endless"$/);
});
