import { assertEquals } from "../support/assert.ts";
import { ROOT, runChild } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

/** Each call is made in `here`, and the working directory is another one right after it. */
const SCRIPT = `
import { definePipeline, runPipeline, schedulePipeline, SqliteWriter } from "./mod.ts";
import { backup, connect, connectReadOnly, vacuum } from "./db.ts";
import { createDashboard, exportRun, serveDashboard } from "./dashboard/mod.ts";
import { setupLogging } from "./logging.ts";

const folder = "FOLDER";
const found = {};
function away(call) {
  Deno.chdir(folder + "/here");
  const result = call();
  Deno.chdir(folder + "/away");
  return result;
}
const run = (n) => n;

await using _log = await away(() => setupLogging({ logFile: "log.txt" }));
const running = away(() => runPipeline([1, 2, 3], { db: "run.db", workers: 1, run }));
found.run = (await running).counts.done;
(await away(() => connect("./made.db"))).close();
(await away(() => SqliteWriter.open({ db: "sub/writer.db" }).then((writer) => writer.close())));
(await away(() => connectReadOnly("run.db"))).close();
await away(() => backup("run.db", "copy.db"));
found.vacuum = (await away(() => vacuum("made.db"))).after > 0;
found.page = (await away(() => exportRun("run.db", 1))).includes("run.db");

// The next minute comes at once.
let ahead = 0;
const { now } = Date;
const { setTimeout: wait } = globalThis;
Date.now = () => now() + ahead;
globalThis.setTimeout = (call, ms = 0) => {
  if (ms < 900) return wait(call, ms);
  ahead += ms;
  return wait(call, 0);
};

const defined = away(() => definePipeline({ db: "night.db", schedule: "* * * * *", items: [1], run }));
const stop = new AbortController();
await schedulePipeline(defined, { signal: stop.signal, onReport: () => stop.abort() });
const plain = new AbortController();
await away(() => schedulePipeline({ schedule: "* * * * *", items: [1], run }, {
  signal: plain.signal,
  onReport: () => plain.abort(),
}));
globalThis.setTimeout = wait;

using app = away(() => createDashboard({ db: "run.db" }));
found.app = (await app.request("/api/runs")).status;
await using server = await away(() => serveDashboard({ db: "run.db", port: 0 }));
found.served = (await (await fetch(server.url + "api/runs")).json()).runs.length;

const names = (at) => [...Deno.readDirSync(folder + at)].map(({ name }) => name).sort();
found.here = names("/here").filter((name) => !name.includes("-"));
found.away = names("/away");
console.log(JSON.stringify(found));
`;

Deno.test("relative paths are those of the directory in which a call is made, wherever the program goes then", async () => {
  using folder = tempFolder();
  for (const name of ["here", "away"]) await Deno.mkdir(`${folder.path}/${name}`);
  const found = await runChild(SCRIPT.replaceAll("FOLDER", folder.path), {
    flags: [
      `--allow-read=${folder.path},${decodeURIComponent(ROOT.pathname)}`,
      `--allow-write=${folder.path}`,
      "--allow-net=127.0.0.1",
    ],
  });
  const here = ["copy.db", "log.txt", "made.db", "night.db", "pipeloom.db", "run.db", "sub"];
  assertEquals(found, {
    run: 3,
    vacuum: true,
    page: true,
    app: 200,
    served: 1,
    here,
    away: [],
  });
});
