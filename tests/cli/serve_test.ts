import { runCli } from "./cli_terminal.ts";
import { type Notification, Notifier } from "../../cli/serve/notifier.ts";
import { childFlags } from "../../cli/serve/child_flags.ts";
import type { PipelineInfo, RunStart } from "../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { SERVED, Served } from "../support/served.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("a server runs definitions in processes of their own, and one that breaks harms no other", async (t) => {
  const notified: Notification[] = [];
  await using receiver = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (it) => {
      notified.push(await it.json());
      return new Response();
    },
  );
  const url = new URL(`http://127.0.0.1:${receiver.addr.port}`);
  const notifier = new Notifier({ url, print: () => {} });
  await using served = new Served([SERVED, `${SERVED}:exits`, `${SERVED}:endless`, "none.ts"], {
    notifier,
    url: () => "https://etl.example/",
  });
  const { server } = served;
  await server.load();
  const list = async () => (await served.ask<PipelineInfo[]>("GET", "/api/pipelines")).body;

  await t.step("it lists what each of them is, and which does not load", async () => {
    const [numbers, exits, endless, none] = await list();
    assertEquals([numbers!.id, exits!.id, endless!.id], [
      "served",
      "served-exits",
      "served-endless",
    ]);
    assertEquals([numbers!.state, none!.state], ["ready", "failed"]);
    assertMatch(none!.problem!, /none\.ts: there is no such file/);
    assertEquals([numbers!.dashboard, endless!.dashboard], ["db/served/", "db/other/"]);
    const { schedule, form } = numbers!;
    assertEquals([schedule!.cron, schedule!.timeZone], ["0 2 * * *", "Europe/Oslo"]);
    assertEquals(schedule!.next.length, 3);
    assertEquals(form.fields, [
      { name: "count", type: "number", required: false, default: 3 },
      { name: "fail", type: "boolean", required: false, default: false },
      { name: "note", type: "text", required: false, default: "none" },
    ]);
  });

  await t.step(
    "arguments of another type, and unknown ones, are refused at their fields",
    async () => {
      const { status, body } = await served.ask<{ fields: object }>(
        "POST",
        "/api/pipelines/served/run",
        { args: { count: "many", other: 1 } },
      );
      assertEquals(status, 422);
      assertEquals(body.fields, {
        count: "expected a number, got a text",
        other: "there is no such argument",
      });
    },
  );

  await t.step("one is run with its arguments", async () => {
    const { status, body } = await served.ask<RunStart>("POST", "/api/pipelines/served/run", {
      args: { count: 4, fail: true },
    });
    assertEquals([status, body], [201, { run: 1, dashboard: "db/served/" }]);
    const end = await served.end();
    assertEquals([end.run, end.status, end.problem], [1, "error", null]);
    const run = await served.ask<{ counts: object }>("GET", "/db/served/api/runs/1");
    assertEquals(run.body.counts, { queued: 0, running: 0, done: 2, error: 2, cancelled: 0 });
    assertEquals((await list())[0]!.runs.map(({ status }) => status), ["error"]);
  });

  await t.step(
    "what failed is run again after the end: some of it, and all that is left",
    async () => {
      const counts = async () =>
        (await served.ask<{ counts: object }>("GET", "/db/served/api/runs/1")).body.counts;
      await Deno.writeTextFile(served.folder.file("repaired"), "");
      const retried = await served.ask<RunStart>("POST", "/db/served/api/runs/1/retry?tasks=2");
      assertEquals([retried.status, retried.body.run], [201, 1]);
      assertEquals((await served.end()).status, "error");
      assertEquals(await counts(), { queued: 0, running: 0, done: 3, error: 1, cancelled: 0 });
      assertEquals((await served.ask("POST", "/db/served/api/runs/1/resume")).status, 201);
      assertEquals((await served.end()).status, "done");
      assertEquals(await counts(), { queued: 0, running: 0, done: 4, error: 0, cancelled: 0 });
    },
  );

  await t.step("one that ends its process is reported, and its run is interrupted", async () => {
    await served.ask("POST", "/api/pipelines/served-exits/run");
    const { run, problem } = await served.end();
    assertEquals(run, 2);
    assertMatch(problem!, /ended with code 5: Good-bye/);
    assert(served.lines.includes("exits │ Good-bye"), served.lines.join("\n"));
    assertEquals((await list())[1]!.runs.map(({ status }) => status), ["interrupted"]);
  });

  await t.step(
    "a schedule is paused for all servers over its database, until it is resumed",
    async () => {
      const scheduleOf = async () => {
        const { body } = await served.ask<PipelineInfo[]>("GET", "/api/pipelines");
        return body[0]!.schedule!;
      };
      const database = server.pipelines[0]!.database!;
      const claim = (day: string) => database.claim("numbers", new Date(`2026-11-${day}T01:00Z`));
      assertEquals((await served.ask("POST", "/api/pipelines/served/pause")).status, 204);
      const { pausedAt, next } = await scheduleOf();
      assert(pausedAt !== null && next.length === 0);
      assertEquals(await claim("28"), false);
      assertEquals((await served.ask("POST", "/api/pipelines/served/resume")).status, 204);
      assertEquals((await scheduleOf()).next.length, 3);
      const claims = await Promise.all(["28", "28", "29", "28"].map(claim));
      assertEquals(claims, [true, false, true, false]);
      assertEquals((await served.ask("POST", "/api/pipelines/served-exits/pause")).status, 409);
      assertEquals((await served.ask("POST", "/api/pipelines/other/pause")).status, 404);
    },
  );

  await t.step(
    "one that never gives its thread back is not run twice, and is ended by a cancel",
    async () => {
      assertEquals((await served.ask("POST", "/api/pipelines/served-endless/run")).status, 201);
      const again = await served.ask<{ error: string }>(
        "POST",
        "/api/pipelines/served-endless/run",
      );
      assertEquals(again.status, 409);
      assertMatch(again.body.error, /run 1 is active/);
      assertEquals((await list())[2]!.active, 1);
      assertEquals((await served.ask("POST", "/db/other/api/runs/1/cancel")).status, 202);
      assertEquals((await served.end()).run, 1);
      assertEquals((await list())[2]!.active, 0);
      await server.stop("Stopped by the test", 0);
      assertEquals((await served.ask("POST", "/api/pipelines/served/run")).status, 503);
      assertEquals((await served.ask("GET", "/healthz")).status, 503);
    },
  );

  await t.step("each end of a run is notified, and no refusal to begin", () => {
    assertEquals(
      notified.map(({ event, pipeline, run, url }) => [event, pipeline, run?.status, url]),
      [
        ["run.ended", "numbers", "error", "https://etl.example/db/served/?run=1"],
        ["run.ended", "numbers", "error", "https://etl.example/db/served/?run=1"],
        ["run.ended", "numbers", "done", "https://etl.example/db/served/?run=1"],
        ["run.ended", "exits", "interrupted", "https://etl.example/db/served/?run=2"],
        ["run.ended", "endless", "interrupted", "https://etl.example/db/other/?run=1"],
      ],
    );
    assertMatch(notified[3]!.problem!, /ended with code 5/);
  });
});

Deno.test("a definition that never loads is reported after a time", async () => {
  const hanging = new URL("tests/fixtures/served_hangs.ts", ROOT).href;
  await using served = new Served([hanging], { loadMs: 300 });
  const loading = served.server.load();
  const state = async () =>
    (await served.ask<PipelineInfo[]>("GET", "/api/pipelines")).body.map(({ state }) => state);
  assertEquals(await state(), ["loading"]);
  await loading;
  assertEquals(await state(), ["failed"]);
  const { body } = await served.ask<PipelineInfo>("GET", "/api/pipelines/served_hangs");
  assertMatch(body.problem!, /has not loaded within 0\.3 s/);
  const { body: health } = await served.ask("GET", "/healthz");
  assertEquals(health, { status: "ok", pipelines: 1, failed: 1 });
});

Deno.test("flags of runs are refused where they grant more than the server has", () => {
  const none = { read: [], write: [] };
  for (
    const [flag, message] of [
      ["-A", "each by its name"],
      ["--allow-all", "each by its name"],
      ["net", "is not a flag"],
    ] as const
  ) {
    assertThrows(() => childFlags([flag], none), Error, message);
  }
});

Deno.test({
  name: "a server answers those with its token, and is controlled from its own pages alone",
  // The cache of sessions has a timer of a millisecond.
  sanitizeOps: false,
  fn: async () => {
    const token = "a long random text";
    await using served = new Served(["<b>&\u202e.ts"], {
      token,
      allowedOrigins: ["https://etl.example"],
    });

    const { app, controlToken } = served.server;
    const status = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
      const response = await app.request(`http://localhost${path}`, { method, headers });
      await response.body?.cancel();
      return response.status;
    };
    const viewer = { Authorization: `Bearer ${token}` };
    for (const path of ["/api/pipelines", "/api/pipelines/b", "/badge/b.svg"]) {
      assertEquals(await status(path), 401, path);
      assertEquals(await status(path, { Authorization: "Bearer wrong" }), 401, path);
      assertEquals(await status(path, viewer), 200, path);
      assertEquals(await status(path, { ...viewer, Host: "evil.example" }), 403, path);
    }
    assertEquals([await status("/"), await status("/healthz"), await status("/db/none/")], [
      200,
      200,
      404,
    ]);
    const control = { ...viewer, "X-Pipeloom-Control": controlToken, Origin: "http://localhost" };
    const run = "/api/pipelines/b/run";
    for (
      const [wanted, headers] of [
        [401, { ...control, "X-Pipeloom-Control": "wrong" }],
        [401, { ...viewer, Origin: "http://localhost" }],
        [401, { "X-Pipeloom-Control": controlToken, Origin: "http://localhost" }],
        [403, { ...control, Origin: "http://evil.example" }],
        [403, { ...viewer, "X-Pipeloom-Control": controlToken }],
        [403, { ...control, "Sec-Fetch-Site": "cross-site" }],
        // It is let through, and its definition is not loaded.
        [503, control],
        [503, { ...control, Origin: "https://etl.example" }],
      ] as const
    ) {
      assertEquals(await status(run, headers, "POST"), wanted, JSON.stringify(headers));
    }
    assertEquals(
      await status("/api/pipelines/b/pause", { ...viewer, Origin: "http://localhost" }, "POST"),
      401,
    );
    // One sign-in on the first page is good for all of its databases.
    const session = await app.request("http://localhost/session", {
      method: "POST",
      headers: viewer,
    });
    const cookie = session.headers.get("Set-Cookie")!;
    assert(!/Path=/i.test(cookie), cookie);
    assertEquals(await status("/api/pipelines", { Cookie: cookie.split(";")[0]! }), 200);
  },
});

Deno.test("a badge is a picture that other sites may show and keep for a moment", async () => {
  await using served = new Served(["<b>&\u202e.ts"]);
  const get = (headers: Record<string, string> = {}) =>
    served.server.app.request("http://localhost/badge/b.svg", { headers });
  const badge = await get({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" });
  const text = await badge.text();
  assertMatch(text, /<title>&#60;b&#62;&#38;\u202e\.ts: no run yet<\/title>/);
  assertEquals(badge.headers.get("Content-Type"), "image/svg+xml; charset=utf-8");
  assertEquals(badge.headers.get("Cross-Origin-Resource-Policy"), "cross-origin");
  assertEquals(badge.headers.get("Cache-Control"), "public, max-age=30");
  const again = await get({ "If-None-Match": badge.headers.get("ETag")! });
  assertEquals([again.status, await again.text()], [304, ""]);
});

Deno.test("serve that cannot is one message", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("empty"), "\n");
  const cases: [string[], RegExp][] = [
    [["--port", "0"], /missing required argument 'file'/],
    [["a.ts", "--host", " "], /Cannot listen on an empty address/],
    [["a.ts", "--token-file", "empty"], /the file is empty/],
    [["a.ts", "--stop-limit", "soon"], /Expected an integer from 0 to/],
    [["a.ts"], /Cannot start runs: each is a process of its own\. Add --allow-run=/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await runCli(["serve", ...args], { folder: folder.path });
    assert(code > 0 && out === "", `${code} ${out}`);
    assertMatch(err, message);
  }
});
