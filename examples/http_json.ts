/**
 * Fetches JSON over HTTP, some requests at once, and tries again when a server is busy or out of reach. The
 * server sends the list of ids at `/items` and each item, `{ "name": …, "price": … }`, at `/items/<id>`.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/http_json.ts http://127.0.0.1:8000
 * ```
 *
 * @module
 */
import { runPipeline } from "@pipeloom/pipeloom";

const [base = "http://127.0.0.1:8000"] = Deno.args;
const ATTEMPTS = 4;

/** Fetches JSON. Failures that may pass are retried, later each time. */
async function fetchJson(url: string, signal?: AbortSignal): Promise<unknown> {
  for (let attempt = 1;; attempt++) {
    const response = await fetch(url, { signal: signal ?? null }).catch((error) => {
      if (attempt === ATTEMPTS || signal?.aborted) throw error;
    });
    if (response?.ok) return await response.json();
    await response?.body?.cancel();
    const passing = !response || response.status === 429 || response.status >= 500;
    if (!passing || attempt === ATTEMPTS) {
      throw new Error(`${url} answered ${response?.status} at attempt ${attempt}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
  }
}

const ids = await fetchJson(`${base}/items`) as number[];
const report = await runPipeline(ids, {
  db: "items.db",
  name: "http_json",
  schema: "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT, price REAL)",
  workers: 8,
  progress: true,
  taskName: (id) => `item ${id}`,
  async run(id, task) {
    const url = `${base}/items/${id}`;
    const { name, price } = await fetchJson(url, task.signal) as { name: string; price: number };
    await task.insert("item", [{ id, name, price }], { onConflict: ["id"] });
  },
});
console.log(report.counts);
for (const { name, error } of report.failures) console.log(`${name}: ${error.message}`);
