import { serveDashboard } from "../../../dashboard/mod.ts";
import { connect } from "../../../db.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { ROOT, runChild, runScript } from "../../support/child.ts";
import { isThere } from "../../fixtures/faulted.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { Events, foldRun, foldUntil } from "../fixture.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const MODULE = JSON.stringify(new URL("dashboard/mod.ts", ROOT).href);

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}

for (const driver of DRIVERS) {
  Deno.test(`serveDashboard() serves from a Worker before the database exists, over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using dashboard = await serveDashboard({ db, driver, port: 0 });
    assertEquals(dashboard.thread, "worker");
    assertMatch(dashboard.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assertEquals(await statusOf(`${dashboard.url}api/runs`), 503);
    const live = await fetch(`${dashboard.url}api/live`);
    const events = new Events(live.body!);
    assertEquals((await events.next())!.data.source.state, "missing");
    await runPipeline(["a"], { db, run: () => 1 });
    await events.until(({ data }) => data.runs?.length === 1);
    // It ends with the stream open, and the stream with it.
    await dashboard.shutdown();
    await events.until(() => false).catch(() => {});
    await dashboard.shutdown();
    await dashboard.finished;
    await assertRejects(() => fetch(dashboard.url));
  });
}

Deno.test("serveDashboard() answers while the main thread is busy", async () => {
  using folder = tempFolder();
  const [asks, answered] = [folder.file("asks"), folder.file("answered")];
  await using dashboard = await serveDashboard({ db: folder.file("etl.db"), port: 0 });
  const script = `
    Deno.writeTextFileSync(${JSON.stringify(asks)}, "");
    while (!Deno.readTextFileSync(${JSON.stringify(asks)}));
    const texts = [];
    for (let n = 0; n < 20; n++) {
      texts.push(await (await fetch(${JSON.stringify(dashboard.url)} + "healthz")).text());
    }
    Deno.writeTextFileSync(${JSON.stringify(answered)}, "");
    console.log(JSON.stringify(texts));`;
  const flags = [
    "--allow-net=127.0.0.1",
    `--allow-read=${folder.path}`,
    `--allow-write=${folder.path}`,
  ];
  const child = runChild(script, { flags });
  await until(() => isThere(asks));
  // From here on this thread does nothing else until the child has its answers.
  Deno.writeTextFileSync(asks, "now");
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; !isThere(answered); looks++) {
    assert(looks < 60_000, "No answer came while the main thread was busy");
    Atomics.wait(sleep, 0, 0, 2);
  }
  assertEquals(await child, Array(20).fill('{"status":"missing"}'));
});

Deno.test("serveDashboard() ends although a browser does not read", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a"], {
    db,
    run(_item, task) {
      for (let n = 0; n < 500; n++) task.log("x".repeat(10_000));
    },
  });
  await using dashboard = await serveDashboard({ db, port: 0 });
  const { host, port } = new URL(dashboard.url);
  using stuck = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const request = `GET /api/live?view=task&task=1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  await stuck.write(new TextEncoder().encode(request));
  // The answer has begun; the rest of its five megabytes is not read.
  await stuck.read(new Uint8Array(100));
  await dashboard.shutdown();
});

Deno.test("serveDashboard() names the port that is in use", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await using first = await serveDashboard({ db, port: 0 });
  const port = Number(new URL(first.url).port);
  const error = await assertRejects(() => serveDashboard({ db, port }), Error);
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one, ` +
      `or port 0 for any that is free`,
  );
  for (const wrong of [-1, 65_536, 1.5, NaN]) {
    await assertRejects(
      () => serveDashboard({ db, port: wrong }),
      RangeError,
      `for port, got ${wrong}`,
    );
  }
  await assertRejects(() => serveDashboard({ db: ":memory:", port: 0 }), TypeError, ":memory:");
});

Deno.test("serveDashboard() demands a token for more than this machine", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  for (const hostname of ["0.0.0.0", "::", "192.168.0.1", "example.com", "localhost.evil", ""]) {
    const error = await assertRejects(() => serveDashboard({ db, hostname, port: 0 }), TypeError);
    assertMatch(error.message, /^Cannot listen on .* without a token/);
    await assertRejects(() => serveDashboard({ db, hostname, port: 0, token: "" }), TypeError);
  }
});

/** Serves in a child process with its own permissions, looks there, and prints what it saw. */
function serveAndLook(options: object, look: string): string {
  return `
    import { serveDashboard } from ${MODULE};
    const dashboard = await serveDashboard(${JSON.stringify(options)});
    const get = async (path, headers = {}) => {
      const response = await fetch(new URL(path, dashboard.url), { headers });
      await response.body?.cancel();
      return response.status;
    };
    const seen = await (async () => { ${look} })();
    await dashboard.shutdown();
    console.log(JSON.stringify(seen));`;
}

Deno.test("serveDashboard() needs its address and the database's files, nothing more", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a"], { db, run: () => 1 });
  using _writer = await connect(db);
  const look = `return [dashboard.thread, await get("api/runs/1"), await get("healthz")];`;
  // A second port is not known before: any of this machine's.
  const flags = [`--allow-read=${db},${db}-wal,${db}-shm`, "--allow-net=127.0.0.1"];
  assertEquals(await runChild(serveAndLook({ db, port: 0 }, look), { flags }), ["main", 200, 200]);
});

Deno.test("serveDashboard() listens on every name of this machine", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  for (const hostname of ["localhost", "::1", "[::1]", "127.0.0.2"]) {
    const script = serveAndLook(
      { db, hostname, port: 0 },
      `return [new URL(dashboard.url).hostname, await get("")];`,
    );
    const shown = hostname === "::1" ? "[::1]" : hostname;
    assertEquals(await runChild(script, { flags: ["-A"] }), [shown, 200]);
  }
});

Deno.test("serveDashboard() never prints the token", async () => {
  using folder = tempFolder();
  const token = "0123456789secret";
  const look = `
    const bearer = (text) => ({ Authorization: "Bearer " + text });
    return [
      await get("api/runs"), await get("api/runs", bearer("0123456789Secret")),
      await get("api/runs?token=${token}"), await get("api/runs", bearer("${token}")), await get(""),
    ];`;
  const script = serveAndLook(
    { db: folder.file("etl.db"), hostname: "0.0.0.0", port: 0, token },
    look,
  );
  const { out, err } = await runScript(script, { flags: ["-A"] });
  assertEquals(JSON.parse(out), [401, 401, 401, 503, 200]);
  assert(!`${out}${err}`.includes("secret"));
});

Deno.test("serveDashboard() sends how a run ended before it ends itself", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const dashboard = await serveDashboard({ db, port: 0 });
  const gate = Promise.withResolvers<void>();
  const running = runPipeline(["a"], { db, run: () => gate.promise });
  const url = new URL("api/live?view=run&run=1", dashboard.url);
  await using events = new Events((await fetch(url)).body!);
  let state = await foldUntil(events, foldRun, { isDone: ({ run }) => run?.counts.running === 1 });
  gate.resolve();
  await running;
  // At once, so that no poll comes in between.
  await dashboard.shutdown();
  let last = "";
  for (let message; (message = await events.next());) {
    last = message.event;
    if (last === "patch") state = foldRun(state, message);
  }
  assertEquals([state.run!.status, state.run!.counts.done, last], ["done", 1, "end"]);
});
