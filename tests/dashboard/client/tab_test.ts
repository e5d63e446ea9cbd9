import { iconOf, titleOf } from "../../../dashboard/client/lib/tab.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";

Deno.test("titleOf() shows how far a run is and how it ended", () => {
  const title = (status: string, progress: number | null, name = "load") =>
    titleOf({ name, status, progress });
  assertEquals(title("running", 0.416), "41% load – pipeloom");
  // Without a total there is no percentage.
  assertEquals(title("running", null), "load – pipeloom");
  assertEquals(title("queued", 0), "load – pipeloom");
  assertEquals(
    ["done", "error", "interrupted", "cancelled"].map((status) => title(status, 1)[0]),
    ["✓", "✗", "✗", "⊘"],
  );
  assertEquals(title("done", 1, "\u200b "), "✓ without a name – pipeloom");
  assertEquals(title("done", 1, "a\u202eb"), "✓ a‹RLO›b – pipeloom");
  assertEquals(titleOf(null), "pipeloom");
});

Deno.test("iconOf() is the usual one where there is nothing to show", () => {
  const icon = (status: string, progress: number | null) => iconOf({ name: "", status, progress });
  assertEquals([iconOf(null), icon("queued", 0), icon("running", null)], [null, null, null]);
  assertMatch(icon("running", 0.5)!, /stroke-dasharray="37\.7 75\.4"/);
  // It does not change with every task.
  assertEquals(icon("running", 0.51), icon("running", 0.54));
  assertMatch(icon("interrupted", 0.5)!, /#d8431b/);
});
