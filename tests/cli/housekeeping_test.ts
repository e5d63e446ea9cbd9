/**
 * The commands that keep files in order, as a person sees them in a terminal.
 *
 * @module
 */
import { assertEquals } from "../support/assert.ts";
import { hasTerminals, openTerminal } from "./cli_terminal.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test({
  name: "in a terminal each command that keeps files in order prints what it did",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    const commands: [args: string[], seen: RegExp][] = [
      [["init-db", "--db", "etl.db"], /^etl\.db is created$/],
      [["demo", "-n", "2", "--db", "etl.db"], /demo · done · 2 tasks/],
      [["demo", "-n", "1", "--db", "etl.db"], /demo · done · 1 task/],
      [["checkpoint", "--db", "etl.db"], /^etl\.db: the WAL is empty$/],
      [["export", "1", "--db", "etl.db", "-o", "r.html"], /^Run 1 is in r\.html \(\d+ KiB\)$/],
      [["backup", "copy.db", "--db", "etl.db"], /^etl\.db: copied into copy\.db, [\d.]+ KiB$/],
      [["prune", "--keep-runs", "1", "--db", "etl.db"], /^etl\.db: .*1 run/],
      [["runs", "--db", "etl.db"], /demo/],
    ];
    for (const [args, seen] of commands) {
      await using terminal = openTerminal(args, { folder: folder.path });
      assertEquals(await terminal.ended(), 0, terminal.screen);
      if (!seen.test(terminal.screen)) throw new Error(`${args}: ${terminal.screen}`);
      assertEquals(terminal.hasCursor, true);
    }
    assertEquals(Deno.statSync(folder.file("copy.db")).isFile, true);
  },
});
