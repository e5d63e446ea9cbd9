import type {
  Comparison,
  ExportedRun,
  RunChecks,
  RunPage,
  TaskDetail,
} from "../../../dashboard/api.ts";
import { answerOffline } from "../../../dashboard/client/live/offline.ts";
import { createDashboard, exportRun } from "../../../dashboard/mod.ts";
import { type PipelineOptions, runPipeline, type TaskContext } from "../../../mod.ts";
import { runCli } from "../../cli/cli_terminal.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { tempFolder } from "../../support/temp.ts";
import { getJson } from "../fixture.ts";

interface Item {
  key: string;
  rows: number;
}

/** Makes a check again after a failure, one that only warns, and one whose texts are long and foreign. */
function work({ key, rows }: Item, task: TaskContext): void {
  task.check("has rows", rows > 0, { value: rows, expected: "some" });
  task.check("is large", rows > 2, { value: rows, severity: "warn" });
  if (task.attempt === 2) task.check("<b>twice</b>", true, { value: "é".repeat(400) });
  if (key === "flaky" && task.attempt === 1) task.check("<b>twice</b>", false);
}

const options = (db: string): PipelineOptions<Item> => ({
  db,
  name: "sales",
  retries: 1,
  retryDelayMs: 1,
  run: { check: work },
  stage: () => "check",
});

const before: Item[] = [
  { key: "a", rows: 3 },
  { key: "b", rows: 0 },
  { key: "flaky", rows: 3 },
];
const after: Item[] = [
  { key: "a", rows: 0 },
  { key: "b", rows: 1 },
  { key: "flaky", rows: 3 },
  { key: "new", rows: 0 },
];

Deno.test("checks are shown of a run and a task, in two runs side by side, in an export and by the commands", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline(before, options(db));
  await runPipeline(after, options(db));
  using app = await createDashboard({ db });
  const get = async <T>(path: string) => await getJson<T>(app, path);

  const first = await get<RunChecks>("/api/runs/1/checks");
  assertEquals([first.passed, first.failed, first.warned], [6, 1, 1]);
  assertEquals(
    first.checks.slice(0, 3).map(({ task, name, passed, severity, value, expected }) => [
      task,
      name,
      passed,
      severity,
      value,
      expected,
    ]),
    [
      ["b", "has rows", false, "error", "0", '"some"'],
      ["b", "is large", false, "warn", "0", null],
      ["a", "has rows", true, "error", "3", '"some"'],
    ],
  );
  const twice = first.checks.find(({ name }) => name === "<b>twice</b>")!;
  assertEquals([twice.passed, twice.value!.length], [true, 300]);

  const task = await get<TaskDetail>("/api/tasks/2");
  assertEquals(task.stage, "check");
  assertEquals(task.checks!.map(({ name, passed }) => [name, passed]), [
    ["has rows", false],
    ["is large", false],
    ["<b>twice</b>", true],
  ]);

  const { checks } = await get<Comparison>("/api/compare?a=1&b=2");
  const namesOf = ({ total, checks }: Comparison["checks"]["mended"]) => [
    total,
    checks.map(({ task, name }) => [task, name]),
  ];
  assertEquals(checks.failing, { a: 2, b: 5 });
  assertEquals(namesOf(checks.newlyFailed), [4, [
    ["a", "has rows"],
    ["a", "is large"],
    ["new", "has rows"],
    ["new", "is large"],
  ]]);
  assertEquals(namesOf(checks.mended), [1, [["b", "has rows"]]]);

  // Of three attempts that failed a check the last counts.
  assertEquals((await get<RunPage>("/api/runs")).runs.map(({ checks }) => checks), [
    { failed: 2, warned: 3 },
    { failed: 1, warned: 1 },
  ]);

  const page = await exportRun(db, 1);
  const [, json] = /id="export">(.*?)<\/script>/s.exec(page)!;
  const exported: ExportedRun = JSON.parse(json!);
  assertEquals(answerOffline(exported, "api/runs/1/checks"), first);
  assertEquals(exported.tasks.find(({ id }) => id === 2)!.checks, task.checks);

  const cli = async (...args: string[]) =>
    (await runCli([...args, "--db", db], { folder: folder.path })).out;
  const status = await cli("status", "--run", "1");
  assertStringIncludes(status, "checks: 1 failed, 1 warned, 6 passed");
  assert(/check +has rows +b +expected "some", got 0/.test(status), status);
  const snapshot = JSON.parse(await cli("status", "--run", "1", "--json"));
  assertEquals([snapshot.checks.failed, snapshot.checks.checks.length], [1, 8]);
  const runs = JSON.parse(await cli("runs", "--json"));
  assertEquals(runs.map(({ checks }: { checks: object }) => checks), [
    { passed: 6, failed: 2, warned: 3 },
    { passed: 6, failed: 1, warned: 1 },
  ]);
  assertStringIncludes(await cli("runs"), "2 failed checks; 3 warnings");
});

Deno.test("of thousands of checks the numbers are exact, and the first that did not pass are listed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = Array.from({ length: 30 }, (_, i) => i);
  await runPipeline(items, {
    db,
    run(i, task) {
      for (let n = 0; n < 150; n++) {
        // Made three times: of each name counts the one that did not pass, if any.
        task.check(`row ${n}`, true);
        task.check(`row ${n}`, n % 10 > 0, { severity: i % 2 ? "warn" : "error" });
        task.check(`row ${n}`, true);
      }
    },
  });
  using app = await createDashboard({ db });
  const { passed, failed, warned, checks } = await getJson<RunChecks>(app, "/api/runs/1/checks");
  assertEquals([passed, failed, warned], [30 * 135, 15 * 15, 15 * 15]);
  assertEquals([checks.length, checks.every(({ passed }) => !passed)], [100, true]);
  assertEquals(checks.slice(0, 2).map(({ taskId, name }) => [taskId, name]), [
    [1, "row 0"],
    [1, "row 10"],
  ]);
});
