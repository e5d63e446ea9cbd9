import { createDashboard, type DashboardApp, serveDashboard } from "../../../dashboard/mod.ts";
import type { ControlResult, Run, TaskDetail } from "../../../dashboard/api.ts";
import { type RunningPipeline, SqliteWriter, startPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { openEvents, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

const ORIGIN = "http://localhost";

/** A pipeline with tasks that heed their signal, a dashboard beside it, and its writer. */
class Beside implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly db = this.#folder.file("etl.db");
  readonly begun = Promise.withResolvers<void>();
  tries = 0;
  /** Whether tasks take no notice of their signals. */
  stubborn = false;
  readonly end = Promise.withResolvers<void>();
  writer!: SqliteWriter;
  app!: DashboardApp;
  pipeline!: RunningPipeline;

  static async start(driver = DRIVERS[0]): Promise<Beside> {
    const beside = new Beside();
    beside.writer = await SqliteWriter.open({ db: beside.db, driver });
    beside.app = createDashboard({ db: beside.db, driver, writer: beside.writer });
    beside.pipeline = startPipeline(["fails", "waits", "queued"], {
      db: beside.writer,
      workers: 1,
      run: async (item, task) => {
        if (item === "fails" && ++beside.tries === 1) throw new Error("Not yet");
        if (item !== "waits") return;
        // By then the tasks are in the database.
        beside.begun.resolve(task.flush());
        const aborted = Promise.withResolvers<void>();
        task.signal.onabort = () => beside.stubborn || aborted.reject(task.signal.reason);
        await Promise.race([aborted.promise, beside.end.promise]);
      },
    });
    await beside.begun.promise;
    return beside;
  }

  /** Asks as the page does; `headers` replace its own. */
  async post(path: string, headers: Record<string, string | undefined> = {}): Promise<Response> {
    const own = { Origin: ORIGIN, "X-Pipeloom-Control": this.app.controlToken, ...headers };
    const sent = Object.entries(own).filter((entry): entry is [string, string] => !!entry[1]);
    return await this.app.request(path, { method: "POST", headers: sent });
  }

  async get<T>(path: string): Promise<T> {
    return await (await this.app.request(path)).json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end.resolve();
    await this.pipeline.finished;
    this.app[Symbol.dispose]();
    await this.writer.close();
    this.#folder[Symbol.dispose]();
  }
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: POST cancel and retry act on tasks and runs`, async () => {
    await using beside = await Beside.start(driver);
    const retried = await beside.post("/api/runs/1/retry");
    assertEquals(retried.status, 200);
    const { request, answer }: ControlResult = await retried.json();
    assertEquals([request, answer], [1, "1 task is queued again"]);
    const cancelled = await beside.post("/api/tasks/3/cancel");
    assertEquals([cancelled.status, (await cancelled.json()).answer], [200, "Cancelled"]);
    assertEquals((await beside.post("/api/tasks/3/retry")).status, 200);
    assertEquals((await beside.post("/api/tasks/2/cancel")).status, 200);
    const report = await beside.pipeline.finished;
    assertEquals([report.counts.done, report.counts.cancelled], [2, 1]);
    assertEquals((await beside.post("/api/runs/1/cancel")).status, 409);
  });
}

Deno.test("POST cancel and retry act on some tasks, named or found by a filter", async () => {
  await using beside = await Beside.start();
  const act = async (path: string) => {
    const response = await beside.post(path);
    return [response.status, (await response.json()).answer];
  };
  assertEquals(await act("/api/runs/1/cancel?status=queued"), [200, "1 task is cancelled"]);
  assertEquals((await act("/api/runs/1/cancel?status=queued"))[0], 404);
  assertEquals(await act("/api/runs/1/retry?tasks=1,3"), [200, "2 tasks are queued again"]);
  for (const tasks of ["1,x", "", "-1", Array(1_001).fill("1").join()]) {
    assertEquals((await act(`/api/runs/1/retry?tasks=${tasks}`))[0], 400, tasks);
  }
  beside.end.resolve();
  assertEquals((await beside.pipeline.finished).counts.done, 3);
});

Deno.test("POST cancel of a run stops it", async () => {
  await using beside = await Beside.start();
  const response = await beside.post("/api/runs/1/cancel");
  assertEquals([response.status, (await response.json()).answer], [200, "Cancelled"]);
  assertEquals((await beside.pipeline.finished).counts.cancelled, 2);
  const late = await beside.post("/api/runs/1/retry");
  assertEquals(late.status, 409);
  assertStringIncludes(
    (await late.json()).error,
    "run 1 is error; to continue it, use pipeloom run",
  );
});

Deno.test("what takes no notice shows as cancelling, live, until it has ended", async () => {
  await using beside = await Beside.start();
  beside.stubborn = true;
  await using run = await openEvents(beside.app, "view=run&run=1");
  await using task = await openEvents(beside.app, "view=task&task=2");
  const first = await beside.post("/api/tasks/2/cancel");
  assertEquals([first.status, await first.json()], [202, { request: 1, answer: null }]);
  // Asked again, it is the same request.
  assertEquals((await (await beside.post("/api/tasks/2/cancel")).json()).request, 1);
  assertEquals((await beside.post("/api/runs/1/cancel")).status, 202);
  const [shown, detail] = [
    await beside.get<Run>("/api/runs/1"),
    await beside.get<TaskDetail>("/api/tasks/2"),
  ];
  assertEquals([shown.cancelling, detail.cancelling, detail.run.cancelling], [true, true, true]);
  await run.until(({ data }) => data.run?.cancelling === true);
  await task.until(({ data }) => data.task?.cancelling === true);
  beside.end.resolve();
  await beside.pipeline.finished;
  const requests = "SELECT task_id, refused, answer FROM run_requests ORDER BY id";
  assertEquals(await readValues(beside.db, requests), [
    [2, 1, "Cannot cancel task 2: it ended before that, as done"],
    [null, 0, "Cancelled"],
  ]);
  assertEquals((await beside.get<Run>("/api/runs/1")).cancelling, false);
  assertEquals((await beside.get<TaskDetail>("/api/tasks/2")).cancelling, false);
});

Deno.test("nothing is changed for who lacks the token, or comes from elsewhere", async () => {
  await using beside = await Beside.start();
  const token = beside.app.controlToken!;
  assertMatch(token, /^[\w-]{32}$/);
  // Each launch has its own.
  using again = createDashboard({ db: beside.db, writer: beside.writer });
  assert(again.controlToken !== token);
  const paths = [
    "/api/runs/1/cancel",
    "/api/runs/1/retry",
    "/api/tasks/2/cancel",
    "/api/tasks/1/retry",
  ];
  const refused: [number, Record<string, string | undefined>][] = [
    [401, { "X-Pipeloom-Control": undefined }],
    [401, { "X-Pipeloom-Control": token.slice(1) }],
    [401, { "X-Pipeloom-Control": token.replace(/.$/, (last) => last === "A" ? "B" : "A") }],
    [401, { "X-Pipeloom-Control": undefined, Cookie: `pipeloom_token=${token}` }],
    [401, { "X-Pipeloom-Control": undefined, Authorization: `Bearer ${token}` }],
    [403, { Origin: undefined }],
    [403, { Origin: "null" }],
    [403, { Origin: "http://evil.example" }],
    [403, { Origin: "http://localhost:8080" }],
    [403, { Origin: "http://localhost.evil.example" }],
    [403, { Origin: "file://localhost" }],
    [403, { Host: "evil.example", Origin: "http://evil.example" }],
    [403, { "Sec-Fetch-Site": "cross-site" }],
  ];
  for (const path of paths) {
    for (const [status, headers] of refused) {
      const response = await beside.post(path, headers);
      assertEquals(response.status, status, `${path} ${Deno.inspect(headers)}`);
      assert(!(await response.text()).includes(token));
    }
  }
  assertEquals(await readValues(beside.db, "SELECT * FROM run_requests"), []);
  // The same with the right ones is done.
  assertEquals((await beside.post(paths[1]!, { Origin: "https://LOCALHOST" })).status, 200);
});

Deno.test("GET api/control answers who may control", async () => {
  await using beside = await Beside.start();
  const status = async (headers: Record<string, string>) =>
    (await beside.app.request("/api/control", { headers })).status;
  assertEquals(await status({ "X-Pipeloom-Control": beside.app.controlToken! }), 204);
  assertEquals([await status({}), await status({ "X-Pipeloom-Control": "guess" })], [401, 401]);
});

Deno.test("without a writer there is nothing to control", async () => {
  using shown = await show();
  assertEquals(shown.app.controlToken, undefined);
  assertEquals((await shown.app.request("/api/control")).status, 404);
  for (const path of ["/api/runs/1/cancel", "/api/tasks/1/retry"]) {
    const headers = { Origin: ORIGIN, "X-Pipeloom-Control": "undefined" };
    const response = await shown.app.request(path, { method: "POST", headers });
    assertEquals([response.status, response.headers.get("Allow")], [405, "GET, HEAD"]);
  }
});

Deno.test("what is not there is not found, and a writer that is closed is reported as closed", async () => {
  await using beside = await Beside.start();
  const statuses = [];
  for (const path of ["/api/runs/9/cancel", "/api/tasks/9/retry", "/api/runs/x/cancel"]) {
    statuses.push((await beside.post(path)).status);
  }
  assertEquals(statuses, [404, 404, 400]);
  beside.end.resolve();
  await beside.pipeline.finished;
  await beside.writer.close();
  const response = await beside.post("/api/runs/1/retry");
  assertEquals(response.status, 503);
  assertStringIncludes((await response.json()).error, "the writer is closed");
});

Deno.test("serveDashboard() asks the writer from its Worker, for who has the control address", async () => {
  await using beside = await Beside.start();
  await using server = await serveDashboard({ db: beside.db, port: 0, writer: beside.writer });
  const { hash, origin } = new URL(server.controlUrl!);
  const token = new URLSearchParams(hash.slice(1)).get("control")!;
  assertEquals([server.thread, server.controlUrl], ["worker", `${server.url}#control=${token}`]);
  const headers = { Origin: origin, "X-Pipeloom-Control": token };
  const response = await fetch(`${server.url}api/runs/1/cancel`, { method: "POST", headers });
  assertEquals([response.status, (await response.json()).answer], [200, "Cancelled"]);
  assertEquals((await beside.pipeline.finished).counts.cancelled, 2);
  await using readOnly = await serveDashboard({ db: beside.db, port: 0, token: "seen" });
  assertEquals(readOnly.controlUrl, undefined);
  await using both = await serveDashboard({
    db: beside.db,
    port: 0,
    token: "seen",
    writer: beside.writer,
    controlToken: "known",
  });
  assertEquals(both.controlUrl, `${both.url}#token=seen&control=known`);
});
