import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runExample, serveLocally } from "../support/example_run.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("examples/http_json.ts tries again what may pass, and nothing else", async () => {
  const asked = new Map<string, number>();
  await using server = serveLocally((request) => {
    const { pathname } = new URL(request.url);
    const attempt = (asked.get(pathname) ?? 0) + 1;
    asked.set(pathname, attempt);
    if (pathname === "/items") return Response.json([1, 2, 3, 4]);
    const id = Number(pathname.split("/")[2]);
    if (id === 2 && attempt < 3) return new Response("Busy", { status: 503 });
    if (id === 3) return new Response("Gone", { status: 404 });
    if (id === 4) return new Response("Broken", { status: 500 });
    return Response.json({ name: `item ${id}`, price: id * 1.5 });
  });
  using folder = tempFolder();
  const printed = await runExample("http_json.ts", { cwd: folder.path, port: server.port });
  const rows = await readValues(folder.file("items.db"), "SELECT * FROM item ORDER BY id");
  assertEquals(rows, [[1, "item 1", 1.5], [2, "item 2", 3]]);
  assertEquals(
    [...asked].sort(),
    [["/items", 1], ["/items/1", 1], ["/items/2", 3], ["/items/3", 1], ["/items/4", 4]],
  );
  assertStringIncludes(printed, "done: 2, error: 2");
  assertStringIncludes(printed, "/items/3 answered 404 at attempt 1");
  assertStringIncludes(printed, "/items/4 answered 500 at attempt 4");
});
