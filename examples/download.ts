/**
 * Downloads files into a folder and keeps a manifest of them: a row for each, with its size and SHA-256. A
 * file is written under another name first, so that what has its own name is whole.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/download.ts http://127.0.0.1:8000/a.bin
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";
import { createHash } from "node:crypto";

const FOLDER = "downloads";

/** The last part of the address, without anything that could lead out of the folder. */
function fileName(url: string): string {
  const last = decodeURIComponent(new URL(url).pathname.split("/").at(-1)!);
  return last.replace(/[^\w.-]/g, "_").replace(/^\.+/, "") || "index";
}

async function download(url: string, task: TaskContext): Promise<{ bytes: number }> {
  const response = await fetch(url, { signal: task.signal });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  const total = Number(response.headers.get("content-length"));
  const path = `${FOLDER}/${fileName(url)}`;
  const hash = createHash("sha256");
  let bytes = 0;
  const meter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      hash.update(chunk);
      bytes += chunk.length;
      if (total > 0) task.progress(bytes, total, `${bytes} of ${total} bytes`);
      controller.enqueue(chunk);
    },
  });
  await Deno.writeFile(`${path}.part`, response.body.pipeThrough(meter), { signal: task.signal });
  await Deno.rename(`${path}.part`, path);
  const row = { url, path, bytes, sha256: hash.digest("hex") };
  await task.insert("manifest", [row], { onConflict: ["url"] });
  return { bytes };
}

const urls = [...new Set(Deno.args)];
if (new Set(urls.map(fileName)).size < urls.length) throw new Error("Two files have one name");
await Deno.mkdir(FOLDER, { recursive: true });
const report = await runPipeline(urls, {
  db: "downloads.db",
  name: "download",
  schema: "CREATE TABLE IF NOT EXISTS manifest (url TEXT PRIMARY KEY, path, bytes, sha256)",
  workers: 4,
  progress: true,
  taskName: fileName,
  run: download,
});
console.log(report.counts);
