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
