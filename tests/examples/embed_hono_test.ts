import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { exampleCommand, serveLocally } from "../support/example_run.ts";
import { tempFolder } from "../support/temp.ts";

/** A port that is free; it was given back a moment ago. */
async function freePort(): Promise<number> {
  await using server = serveLocally(() => new Response());
  return server.port;
}

/** Reads until a stream has sent something. */
async function readUntil(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  words: string,
): Promise<void> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(words)) return;
  }
  throw new Error(`It ended after ${text}`);
}

Deno.test("examples/embed_hono.ts serves the dashboard beside its own routes", async () => {
  using folder = tempFolder();
  const port = await freePort();
  const child = (await exampleCommand("embed_hono.ts", { cwd: folder.path, port })).spawn();
  const base = `http://127.0.0.1:${port}`;
  try {
    await readUntil(child.stdout, `Listening on ${base}/`);
    assertStringIncludes(await (await fetch(`${base}/`)).text(), 'href="/etl/"');
    const counts = await (await fetch(`${base}/load`, { method: "POST" })).json();
    assertEquals([counts.done, counts.total], [100, 100]);
    const page = await (await fetch(`${base}/etl/`)).text();
    assertStringIncludes(page, "<title>");
    const { runs } = await (await fetch(`${base}/etl/api/runs`)).json();
    assertEquals(runs.map(({ name, status }: { name: string; status: string }) => [name, status]), [
      ["load", "done"],
    ]);
  } finally {
    child.kill("SIGINT");
    const { code } = await child.status;
    await child.stderr.cancel();
    assert(code === 0, `It ended with ${code}`);
  }
});
