import { paths } from "../../internal/paths.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("paths() takes file: URLs apart and puts them together", async () => {
  const { dirname, fromFileUrl, toFileUrl } = await paths();
  for (const path of ["/a", "/a/b c.db", "/žluť/100%/#?&.db", "/a%20b/c"]) {
    assertEquals(fromFileUrl(toFileUrl(path)), path);
  }
  assertEquals(fromFileUrl(new URL("file:///a%20b/%C5%BE")), "/a b/ž");
  assertEquals([dirname("/a/b.db"), dirname("a/b.db"), dirname("b.db")], ["/a", "a", "."]);
});

Deno.test("paths() is loaded once", () => {
  assert(paths() === paths());
});
