import type { Run, Task } from "../../dashboard/api.ts";
import { FullScreen } from "../../cli/terminal/full_screen.ts";
import { WatchView } from "../../cli/status/watch_view.ts";
import type { Snapshot } from "../../cli/status/snapshot.ts";
import { plain } from "../../cli/terminal/colors.ts";
import { keysIn } from "../../cli/terminal/keyboard.ts";
import { noCounts } from "../../internal/task_status.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("keysIn() distinguishes keys, in every form that terminals send, and leaves out what it does not know", () => {
  const names = (sent: string) => keysIn(sent).map(({ name, text }) => name ?? `'${text}'`);
  assertEquals(names("\x1b[A\x1bOB\x1b[5~\x1b[6~"), ["up", "down", "page up", "page down"]);
  assertEquals(names("\x1b[H\x1b[1~\x1bOF\x1b[8~"), ["home", "home", "end", "end"]);
  assertEquals(names("\x1b"), ["escape"]);
  assertEquals(names("qé日🙂\r\x7f"), ["'q'", "'é'", "'日'", "'🙂'", "enter", "backspace"]);
  assertEquals(names("\x1b[1;5C\x1b[200~\x01\x00"), []);
});

/** A run of this many queued tasks. */
function snapshotOf(total: number, tasks: string[]): Snapshot {
  const counts = { ...noCounts(), queued: total };
  const run = { id: 1, name: "load", status: "running", counts, total, workers: null };
  return {
    run: { ...run, progress: { work: 0, total, since: 0, before: 0 } } as unknown as Run,
    tasks: tasks.map((name, id) =>
      ({ id, name, status: "queued", progress: 0, message: null, error: null }) as Task
    ),
    matching: total,
    ended: 0,
    elapsedMs: null,
    share: 0,
    rate: null,
    remainingMs: null,
    silentMs: null,
  };
}

function press(view: WatchView, sent: string): void {
  for (const key of keysIn(sent)) view.press(key);
}

Deno.test("WatchView asks for the tasks that keys lead to", () => {
  const size = { columns: 80, rows: 20, paint: plain };
  const view = new WatchView({ status: ["done", "error"] });
  const draw = () => view.draw({ snapshot: snapshotOf(30, ["a"]) }, size);
  draw();
  assertEquals(view.query, { status: ["done", "error"], q: "", offset: 0, limit: 20 });
  press(view, "\x1b[B\x1b[B\x1b[A");
  assertEquals(view.query.offset, 1);
  press(view, " \x1b[6~");
  assertEquals(view.query.offset, 25);
  press(view, "\x1b[F");
  draw();
  // The last fourteen fill the lines between head and foot.
  assertEquals(view.query.offset, 16);
  press(view, "\x1b[5~gk");
  assertEquals(view.query.offset, 0);
  press(view, "e");
  assertEquals(view.query.status, ["error"]);
  // What is typed for a search is not a key, and Ctrl-C ends all the same.
  press(view, "/qe ?x\x7f");
  assertEquals([view.query.q, view.isOver], ["", false]);
  assert(draw().at(-1)!.startsWith("/qe ?█"));
  press(view, "\r");
  assertEquals(view.query.q, "qe ?");
  press(view, "/zz\x1b");
  assertEquals(view.query.q, "qe ?");
  press(view, "\x1b");
  assertEquals(view.query, { status: ["done", "error"], q: "", offset: 0, limit: 20 });
  press(view, "?q");
  assert(!view.isOver, "The key only closes the help");
  press(view, "q");
  assert(view.isOver);
  const other = new WatchView({ limit: 3 });
  press(other, "/\x03");
  assertEquals([other.isOver, other.query.limit], [true, 3]);
});

Deno.test("WatchView fits every size, also with help, a search and a long list", () => {
  for (
    const [columns, rows] of [[200, 50], [80, 24], [40, 20], [30, 5], [10, 3], [1, 1]] as const
  ) {
    const view = new WatchView({});
    for (const keys of ["", "/", "x".repeat(90) + "\x1b[2J", "\r", "e", "\x1b[B", "?"]) {
      press(view, keys);
      const names = Array.from({ length: rows }, (_, i) => `task ${i}`);
      const lines = view.draw({ snapshot: snapshotOf(1_000, names) }, {
        columns,
        rows,
        paint: plain,
      });
      assert(lines.length <= rows, `${lines.length} lines of ${rows} after ${keys}`);
      assert(lines.every((line) => [...line].length <= columns), lines.join("\n"));
      assert(!lines.join().includes("\x1b"));
    }
  }
});

Deno.test("FullScreen erases a row before it writes it: in the last column the cursor stands on the last character", () => {
  let written = "";
  {
    using screen = new FullScreen((text) => written += text, () => {});
    screen.draw(["x".repeat(10)], { columns: 10, rows: 2 });
  }
  const [, drawn = ""] = written.split("\x1b[1;1H");
  assert(drawn.startsWith(`\x1b[K${"x".repeat(10)}\x1b[0m`), drawn);
  assertEquals(drawn.split("\x1b[K").length, 2);
});
