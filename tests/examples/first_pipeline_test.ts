import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { runExample } from "../support/example_run.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("examples/first_pipeline.ts is the README's, and prints what is shown there", async () => {
  const source = await Deno.readTextFile(new URL("examples/first_pipeline.ts", ROOT));
  const code = source.slice(source.indexOf("import "));
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  assert(readme.includes(code), "The README shows another first pipeline");

  using folder = tempFolder();
  const printed = await runExample("first_pipeline.ts", { cwd: folder.path });
  assert(printed.startsWith("done { queued: 0, running: 0, done: 2,"), printed);
  const db = folder.file("words.db");
  assertEquals(await readValues(db, "SELECT count(*), sum(length) FROM word"), [[10, 30]]);
});
