import { createHash } from "node:crypto";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runExample, serveLocally } from "../support/example_run.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("examples/download.ts downloads files whole and keeps their SHA-256", async () => {
  const random = new Random(1);
  const files = new Map([1, 300_000, 2_000_000].map((size, i) => [
    `/files/${i}.bin`,
    Uint8Array.from({ length: size }, () => random.below(256)),
  ]));
  await using server = serveLocally((request) => {
    const bytes = files.get(new URL(request.url).pathname);
    return bytes ? new Response(bytes) : new Response("None", { status: 404 });
  });
  using folder = tempFolder();
  const base = `http://127.0.0.1:${server.port}`;
  const paths = [...files.keys(), "/files/missing", "/files/%2e%2e%2fetc"];
  const args = paths.map((path) => base + path);
  // The second time the manifest is brought up to date.
  for (let time = 0; time < 2; time++) {
    const printed = await runExample("download.ts", { cwd: folder.path, port: server.port, args });
    assertStringIncludes(printed, "done: 3, error: 2");
  }
  const sql = "SELECT url, path, bytes, sha256 FROM manifest ORDER BY url";
  const wanted = [...files].map(([path, bytes], i) => [
    base + path,
    `downloads/${i}.bin`,
    bytes.length,
    createHash("sha256").update(bytes).digest("hex"),
  ]);
  assertEquals(await readValues(folder.file("downloads.db"), sql), wanted);
  for (const [i, bytes] of [...files.values()].entries()) {
    assertEquals(await Deno.readFile(folder.file(`downloads/${i}.bin`)), bytes);
  }
  const left = (await Array.fromAsync(Deno.readDir(folder.file("downloads")))).map(({ name }) =>
    name
  );
  assertEquals(left.sort(), ["0.bin", "1.bin", "2.bin"]);
});
