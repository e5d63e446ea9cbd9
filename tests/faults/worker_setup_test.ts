import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/set_up_tasks.ts", import.meta.url);

function options(folder: ReturnType<typeof tempFolder>, fails: string) {
  return {
    db: folder.file("a.db"),
    run: { module, export: "use" },
    workers: 1,
    args: { file: folder.file("calls.txt"), fails },
  };
}

Deno.test("setup() that hangs ends the run after the time to load, and is named", async () => {
  using folder = tempFolder();
  const error = await assertRejects(() =>
    runPipeline(["a"], { ...options(folder, "setup hangs"), timeoutMs: 1 })
  ) as Error;
  assertStringIncludes(error.message, "its setup() has not ended within 10 s. If it needs more");
});

Deno.test("teardown() that hangs keeps no run for more than five seconds", async () => {
  using folder = tempFolder();
  const begun = performance.now();
  const { status } = await runPipeline(["a"], options(folder, "teardown hangs"));
  assertEquals(status, "done");
  assert(performance.now() - begun > 4_900);
});
