/**
 * The dashboard as a part of one's own Hono app, in the process that runs the pipeline: `POST /load` starts
 * a run, `/etl/` shows it live.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. --allow-net=127.0.0.1:8000 examples/embed_hono.ts 8000
 * ```
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "@pipeloom/pipeloom";
import { createDashboard } from "@pipeloom/pipeloom/dashboard";
import { Hono } from "hono";

const [port = "8000"] = Deno.args;

// One writer for the whole program: runs that overlap share it, and its file is there from the start.
await using writer = await SqliteWriter.open({
  db: "loads.db",
  schema: "CREATE TABLE IF NOT EXISTS number (n INTEGER PRIMARY KEY, square INTEGER)",
});

/** Squares a hundred numbers, slowly enough to be watched. */
function load() {
  return runPipeline(Array.from({ length: 100 }, (_, n) => n), {
    db: writer,
    name: "load",
    workers: 10,
    handleSignals: false,
    async run(n, task) {
      await new Promise((resolve) => setTimeout(resolve, 20 * (n % 5)));
      await task.insert("number", [{ n, square: n * n }], { onConflict: ["n"] });
    },
  });
}

const app = new Hono();
app.get("/", (c) => c.html('<a href="/etl/">Runs</a>'));
app.post("/load", async (c) => c.json((await load()).counts));
app.route("/etl", createDashboard({ db: "loads.db" }));

const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  signal: stop.signal,
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}/`),
}, app.fetch);
await server.finished;
