import { connectReadOnly } from "../../db.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import {
  exampleCommand,
  type ExampleOptions,
  runExample,
  serveLocally,
} from "../support/example_run.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const CSV: Record<string, string> = {
  "/oslo.csv": "day,celsius\n1,10\n2,20\n",
  "/bergen.csv": "day,celsius\n1,7\n",
};

/** A server of two files that remembers which it was asked for. */
function serve(answer: (path: string, time: number) => Promise<Response | void>) {
  const asked: Record<string, number> = {};
  const server = serveLocally(async (request) => {
    const path = new URL(request.url).pathname;
    asked[path] = (asked[path] ?? 0) + 1;
    return await answer(path, asked[path]) ?? new Response(CSV[path]);
  });
  return { asked, server };
}

function optionsOf(cwd: string, port: number): ExampleOptions {
  return { cwd, port, args: Object.keys(CSV).map((path) => `http://127.0.0.1:${port}${path}`) };
}

const MEANS = "SELECT path, days, celsius FROM mean ORDER BY path";
const ALL = [["stages/bergen_csv", 1, 7], ["stages/oslo_csv", 2, 15]];

Deno.test("examples/stages.ts tries again, and continues with what is missing when it is started again", async () => {
  let up = false;
  // deno-lint-ignore require-await
  const { asked, server } = serve(async (path, time) => {
    const busy = path === "/oslo.csv" ? time === 1 : !up;
    return busy ? new Response("Busy", { status: 503 }) : undefined;
  });
  await using _ = server;
  using folder = tempFolder();
  const options = optionsOf(folder.path, server.port);
  const printed = await runExample("stages.ts", { ...options, code: 1 });
  assertStringIncludes(printed, "error { queued: 0, running: 0, done: 2, error: 1, cancelled: 2,");
  assertStringIncludes(printed, "bergen.csv answered 503");
  assertEquals(asked, { "/oslo.csv": 2, "/bergen.csv": 3 });
  assertEquals(await readValues(folder.file("stages.db"), MEANS), []);

  up = true;
  assertStringIncludes(await runExample("stages.ts", options), "cancelled: 0, total: 5 }");
  assertEquals(asked, { "/oslo.csv": 2, "/bergen.csv": 4 });
  assertEquals(await readValues(folder.file("stages.db"), MEANS), ALL);
  const runs = "SELECT status, done, resumed FROM pipeline_runs";
  assertEquals(await readValues(folder.file("stages.db"), runs), [["done", 5, 1]]);
});

Deno.test("examples/stages.ts continues after kill -9", async () => {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const { asked, server } = serve(async (path, time) => {
    if (path !== "/bergen.csv" || time > 1) return;
    held.resolve();
    await release.promise;
  });
  await using _ = server;
  using folder = tempFolder();
  const options = optionsOf(folder.path, server.port);
  const db = folder.file("stages.db");
  await using child = (await exampleCommand("stages.ts", options)).spawn();
  const drained = Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  await held.promise;
  {
    using reader = await connectReadOnly(db);
    const done = reader.prepare("SELECT count(*) AS n FROM task_runs WHERE status = 'done'");
    await until(() => done.get()!.n === 2);
  }
  child.kill("SIGKILL");
  await Promise.all([child.status, drained]);
  release.resolve();

  assertStringIncludes(
    await runExample("stages.ts", options),
    "done { queued: 0, running: 0, done: 5,",
  );
  assertEquals(asked, { "/oslo.csv": 1, "/bergen.csv": 2 });
  assertEquals(await readValues(db, MEANS), ALL);
});
