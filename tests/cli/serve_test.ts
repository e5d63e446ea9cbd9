import { childFlags } from "../../cli/serve/child_flags.ts";
import { PipelineServer } from "../../cli/serve/pipeline_server.ts";
import type { Ended } from "../../cli/serve/served_pipeline.ts";
import type { PipelineInfo, RunStart } from "../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

const FIXTURE = new URL("tests/fixtures/served.ts", ROOT).href;

/** A server of pipelines without a port, and what it has reported. */
class Served implements AsyncDisposable {
  readonly folder = tempFolder();
  readonly server: PipelineServer;
  readonly lines: string[] = [];
  readonly #ends: Ended[] = [];
  #wake = () => {};

  constructor(
    files: string[],
    options: Partial<ConstructorParameters<typeof PipelineServer>[0]> = {},
  ) {
    this.server = new PipelineServer({
      files,
      flags: ["--no-lock", "--cached-only", ...childFlags([], { read: [], write: [] })],
      cwd: this.folder.path,
      graceMs: 500,
      loadMs: 60_000,
      allowedHosts: ["localhost"],
      allowedOrigins: [],
      ...options,
      listener: {
        print: (line) => this.lines.push(line),
        described: () => {},
        begun: () => {},
        ended: (end) => {
          this.#ends.push(end);
          this.#wake();
        },
      },
    });
  }

  /** The answer to a request with the control token. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await this.server.app.request(`http://localhost${path}`, {
      method,
      headers: {
        Host: "localhost",
        Origin: "http://localhost",
        "X-Pipeloom-Control": this.server.controlToken,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** The next end of a run. */
  async end(): Promise<Ended> {
    while (this.#ends.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    return this.#ends.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop("Stopped by the test", 0);
    await this.server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("a server runs definitions in processes of their own, and one that breaks harms no other", async (t) => {
  await using served = new Served([FIXTURE, `${FIXTURE}:exits`, `${FIXTURE}:endless`, "none.ts"]);
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
    "one that never gives its thread back is not run twice, and ends with the server",
    async () => {
      assertEquals((await served.ask("POST", "/api/pipelines/served-endless/run")).status, 201);
      const again = await served.ask<{ error: string }>(
        "POST",
        "/api/pipelines/served-endless/run",
      );
      assertEquals(again.status, 409);
      assertMatch(again.body.error, /run 1 is active/);
      assertEquals((await list())[2]!.active, 1);
      await server.stop("Stopped by the test", 0);
      assertEquals((await served.end()).run, 1);
      assertEquals((await list())[2]!.active, 0);
      assertEquals((await served.ask("GET", "/healthz")).status, 503);
    },
  );
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
