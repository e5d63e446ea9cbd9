import { whyNotStarted } from "../../internal/worker_entry.ts";
import { folderOf, paths } from "../../internal/paths.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("paths() takes file: URLs apart and puts them together", async () => {
  const { fromFileUrl, toFileUrl } = await paths();
  for (const path of ["/a", "/a/b c.db", "/žluť/100%/#?&.db", "/a%20b/c"]) {
    assertEquals(fromFileUrl(toFileUrl(path)), path);
  }
  assertEquals(fromFileUrl(new URL("file:///a%20b/%C5%BE")), "/a b/ž");
});

Deno.test("folderOf() gives the folder with its separator, and nothing for a bare name", () => {
  const files = ["/a/b.db", "a/b.db", "/b.db", "b.db"];
  assertEquals(files.map(folderOf), ["/a/", "a/", "/", ""]);
});

Deno.test("paths() is loaded once", () => {
  assert(paths() === paths());
});

Deno.test("whyNotStarted() names the folder that has to be readable", () => {
  const entry = new URL("../../writer.ts", import.meta.url);
  const folder = decodeURIComponent(new URL("../..", import.meta.url).pathname).replace(/\/$/, "");
  const refusal = `Uncaught NotCapable: Requires read access to "${folder}/writer.ts", run again`;
  assertEquals(
    whyNotStarted(entry, refusal),
    `its Worker is the file "${folder}/writer.ts", which may not be read. Add ${folder} to --allow-read`,
  );
});
