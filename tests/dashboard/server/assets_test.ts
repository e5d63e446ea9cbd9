import { createDashboard } from "../../../dashboard/mod.ts";
import { CLIENT_FILES } from "../../../dashboard/server/client_files.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { namesIn } from "../../support/names_in.ts";
import { tempFolder } from "../../support/temp.ts";

const CLIENT = new URL("../../../dashboard/client", import.meta.url);

/** Bytes of the first load, compressed: what a page on a slow line may cost. */
const MAX_BYTES = 150_000;

async function compressedSize(text: string): Promise<number> {
  const body = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(body).arrayBuffer()).byteLength;
}

Deno.test("CLIENT_FILES has every file of the page, as it is on disk", async () => {
  const names = namesIn(decodeURIComponent(CLIENT.pathname)).filter((name) =>
    name !== "index.html"
  );
  assertEquals(Object.keys(CLIENT_FILES).sort(), names.sort());
  for (const name of names) {
    assertEquals(CLIENT_FILES[name], await Deno.readTextFile(new URL(`client/${name}`, CLIENT)));
  }
});

Deno.test("findAsset() serves what the page loads, and no request leaves the host", async () => {
  using folder = tempFolder();
  using app = createDashboard({ db: folder.file("etl.db") });
  const page = await (await app.request("/")).text();
  const asked = [...page.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => path!);
  const { imports } = JSON.parse(page.match(/<script type="importmap">(.*)<\/script>/)![1]!);
  for (const path of Object.values<string>(imports)) asked.push(path.replace("./", ""));
  const folderOf = asked[0]!.slice(0, asked[0]!.lastIndexOf("/"));
  for (const name of Object.keys(CLIENT_FILES)) asked.push(`${folderOf}/${name}`);

  let bytes = await compressedSize(page);
  for (const path of new Set(asked)) {
    const response = await app.request(`/${path}`);
    assertEquals(response.status, 200, path);
    const text = await response.text();
    assert(!/(?:src|href|import|from|fetch\(|url\()\s*\(?["']?https?:/.test(text), path);
    bytes += await compressedSize(text);
  }
  console.log(`The first load takes ${bytes} bytes, compressed`);
  assert(bytes <= MAX_BYTES, `${bytes} bytes`);
});
