import { createDashboard } from "../../../dashboard/mod.ts";
import { SCRIPT, STYLE } from "../../../dashboard/server/client.gen.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { tempFolder } from "../../support/temp.ts";

/** Bytes of the first load, compressed: what a page on a slow line may cost. */
const MAX_BYTES = 110_000;

/** The page, its program, its style sheet and its icon. */
const MAX_FILES = 4;

async function compressedSize(text: string): Promise<number> {
  const body = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(body).arrayBuffer()).byteLength;
}

Deno.test("findAsset() serves what the page loads, and no request leaves the host", async () => {
  using folder = tempFolder();
  using app = createDashboard({ db: folder.file("etl.db") });
  const page = await (await app.request("/")).text();
  const loaded = [...page.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => path!);
  assert(loaded.length > 0 && loaded.length < MAX_FILES, `${loaded}`);

  let bytes = await compressedSize(page);
  for (const path of loaded) {
    const response = await app.request(`/${path}`);
    assertEquals(response.status, 200, path);
    const text = await response.text();
    assert(!/(?:src|href|import|from|fetch\(|url\()\s*\(?["']?https?:/.test(text), path);
    bytes += await compressedSize(text);
  }
  console.log(`The first load takes ${bytes} bytes in ${loaded.length + 1} files, compressed`);
  assert(bytes <= MAX_BYTES, `${bytes} bytes`);
});

Deno.test("the licences of what is bundled are kept with it", () => {
  for (
    const [text, holder] of [[SCRIPT, "Jason Miller"], [SCRIPT, "Leon Sorokin"], [
      STYLE,
      "Leon Sorokin",
    ]]
  ) {
    assertStringIncludes(text!, `${holder}\n\nPermission is hereby granted`);
    assertStringIncludes(text!, 'THE SOFTWARE IS PROVIDED "AS IS"');
  }
});
