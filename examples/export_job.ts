/**
 * Asks a slow server for an export of each month, polls until it is ready, downloads it and loads it. Between two looks a
 * task sleeps, so that hours of waiting take no slot. Killed at any time, it continues with the first step that had not
 * ended when it is started again: no export is asked for twice, and no row is lost or doubled.
 *
 * `POST /exports?month=…` answers `{ id }`, `GET /exports/:id` answers `{ state, url }` and, in `Retry-After`, when to
 * ask again; the export has a row `day,amount` on each line.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/export_job.ts http://127.0.0.1:8000 2026-01 2026-02
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext } from "@pipeloom/pipeloom";

const [base = "http://127.0.0.1:8000", ...months] = Deno.args;

/** Seconds between two looks, where the server does not specify them. */
const POLL_S = 600;

/** Asks the server. The key has it answer the same when it is asked again, because a commit came too late. */
async function ask(path: string, task: TaskContext, method = "GET"): Promise<Response> {
  const headers = { "idempotency-key": `${task.runId} ${task.key}` };
  const response = await fetch(new URL(path, base), { method, headers, signal: task.signal });
  if (response.ok) return response;
  throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}

const report = await runPipeline(months, {
  db: "exports.db",
  name: "exports",
  schema: "CREATE TABLE IF NOT EXISTS sale (month TEXT, day INTEGER, amount INTEGER)",
  atomic: true,
  resume: true,
  retries: 5,
  progress: true,
  async run(month, task) {
    const { id } = await task.step("ask", async () => {
      return await (await ask(`/exports?month=${month}`, task, "POST")).json();
    });
    let url: string | undefined;
    for (let look = 1; !url; look++) {
      const found = await task.step(`look ${look}`, async () => {
        const response = await ask(`/exports/${id}`, task);
        const waitS = Number(response.headers.get("retry-after") ?? POLL_S);
        return { ...await response.json(), waitS };
      });
      if (found.state === "failed") throw new Error(`The export of ${month} has failed`);
      url = found.url;
      if (!url) await task.sleep(found.waitS * 1_000);
    }
    const file = await task.step("download", async () => {
      const path = `export-${month}.csv`;
      const { body } = await ask(url, task);
      await Deno.writeFile(path, body!);
      return path;
    });
    return await task.step("load", async () => {
      const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
      const rows = lines.map((line) => line.split(",").map(Number));
      await task.insert("sale", rows.map(([day, amount]) => ({ month, day, amount })));
      return { rows: rows.length };
    });
  },
});
console.log(report.counts);
for (const { name, error } of report.failures) console.log(`${name}: ${error.message}`);
if (report.status !== "done") Deno.exitCode = 1;
