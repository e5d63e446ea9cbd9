/**
 * The package as another project uses it: by its name, from a registry or from a checkout, in a folder of its
 * own and with no more permissions than the README names.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { IS_LONG } from "../support/long_form.ts";
import { publishedFiles, Registry } from "../support/registry.ts";
import { Project } from "../support/project.ts";

const NAME = "@pipeloom/pipeloom";
const CHECKOUT = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");
const FIRST_PIPELINE = await Deno.readTextFile(new URL("examples/first_pipeline.ts", ROOT));
const DASHBOARD = `
  import { createDashboard } from "${NAME}/dashboard";
  using app = createDashboard({ db: "words.db" });
  const page = await app.request("http://localhost/");
  const runs = await (await app.request("http://localhost/api/runs")).json();
  console.log(page.status, runs.runs[0].status);`;
const DRIVER = `
  import { runPipeline } from "${NAME}";
  const { driver, counts } = await runPipeline([1, 2], { db: "driver.db", run: (n) => n });
  console.log(driver, counts.done);`;

/** Everything that `@db/sqlite` asks for when it is imported. */
const FFI = ["--allow-ffi", "--allow-env", "--allow-net", "--allow-read", "--allow-write"];

/** A pipeline with all that is started or loaded late: the writer, a pool, the dashboard, bars, log and telemetry. */
const LATE = `
  import { definePipeline, runPipeline, schedulePipeline } from "${NAME}";
  import { serveDashboard } from "${NAME}/dashboard";
  import { setupLogging } from "${NAME}/logging";
  globalThis[Symbol.for("opentelemetry.js.api.1")] = {};
  await using _ = await setupLogging({ logFile: "late.log" });
  const db = "late.db";
  const server = await serveDashboard({ db, port: 0 });
  const run = { module: new URL("tasks.ts", import.meta.url), export: "double" };
  const { status } = await runPipeline([1, 2], { db, progress: true, run });
  const stop = new AbortController();
  const definition = definePipeline({ db, schedule: "0 2 * * *", items: [1], run: (n) => n });
  await schedulePipeline(definition, { signal: stop.signal, onScheduled: () => stop.abort() });
  console.log(status, server.thread);
  await server.shutdown();`;

/** A project with these programs. */
function openProject(jsrUrl: string, links: readonly string[] = []): Project {
  const project = new Project(jsrUrl, links);
  project.write("first_pipeline.ts", FIRST_PIPELINE);
  project.write("dashboard.ts", DASHBOARD);
  project.write("driver.ts", DRIVER);
  project.write("late.ts", LATE);
  project.write("tasks.ts", "export const double = (n: number) => n * 2;");
  return project;
}

/** Runs the first pipeline, as README has it. `code` is what must be readable of a package that is local. */
async function runFirst(project: Project, code: string[] = []): Promise<void> {
  const read = `--allow-read=${[".", ...code].join(",")}`;
  assertMatch(
    await project.deno("run", "--no-prompt", read, "--allow-write=.", "first_pipeline.ts"),
    /^done \{ queued: 0, running: 0, done: 2,/,
  );
}

/** What a newcomer does, by the README. */
async function walk(project: Project, code: string[] = []): Promise<void> {
  await runFirst(project, code);
  const run = ["run", "--no-prompt"];
  const read = `--allow-read=${[".", ...code].join(",")}`;
  assertEquals(await project.deno(...run, read, "dashboard.ts"), "200 done\n");
  assertStringIncludes(await project.deno(...run, `jsr:${NAME}/cli`, "--help"), "Usage: pipeloom");
  const status = await project.deno(...run, read, `jsr:${NAME}/cli`, "status", "--db", "words.db");
  assertStringIncludes(status, "that is the question");
}

Deno.test("the package has what users need and nothing else", async () => {
  const files = await publishedFiles();
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const needed = [
    ...Object.values<string>(exports).map((path) => path.slice(2)),
    // Workers are named by URL, so nothing that is imported leads to them.
    "writer.ts",
    "pipeline/executor/pool/task_worker.ts",
    "dashboard/server/worker.ts",
    "dashboard/server/client.gen.ts",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
  ];
  for (const path of needed) assert(files.includes(path), path);
  const surplus = files.filter((path) =>
    !/^([\w]+\.ts|(cli|dashboard|internal|nats|pipeline|sqlite|writer)\/[\w/]+(\.gen)?\.ts)$/
      .test(path)
  );
  assertEquals(surplus, [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "deno.json",
    "deno_only.js",
  ]);
});

for (const sqlite of [false, true]) {
  const how = sqlite ? "that has @db/sqlite" : "that lacks @db/sqlite";
  Deno.test(`the package works from a registry ${how}`, async () => {
    await using registry = await Registry.start({ sqlite });
    using project = openProject(registry.url, []);
    // The rest of the way is the same with the package of the driver, which nothing below asks for.
    if (sqlite) await runFirst(project);
    else await walk(project);
    // Where not every permission is granted no program asks for it.
    assert(!registry.asked.some((path) => path.startsWith("/@db/")), `${registry.asked}`);
    const driver = () => project.deno("run", "--no-prompt", ...FFI, "driver.ts");
    // Nor is it fetched where all is granted, unless it is asked for.
    assertEquals(await driver(), "builtin 2\n");
    assert(!registry.asked.some((path) => path.startsWith("/@db/")), `${registry.asked}`);
    if (sqlite) {
      await project.deno("cache", "jsr:@db/sqlite@0.13.0");
      // The package would fetch its library as soon as it is imported.
      assertEquals(await driver(), "builtin 2\n");
      project.cacheLibrary();
      assertEquals(await driver(), "ffi 2\n");
    }
    // The types are the same ones; here is the project where one that is optional is missing.
    if (!sqlite) await project.deno("check", "first_pipeline.ts", "dashboard.ts");
  });
}

Deno.test("deno cache fetches all that a run needs; what is missing is named as not cached", async () => {
  await using registry = await Registry.start();
  const { url } = registry;
  using project = openProject(url, []);
  await project.deno("cache", "late.ts", "tasks.ts");
  await registry[Symbol.asyncDispose]();
  const run = (file: string) =>
    project.deno("run", "--cached-only", "--no-prompt", "-R=.", "-W=.", "-N=127.0.0.1", file);
  assertEquals(await run("late.ts"), "done worker\n");
  for (
    const [path, file, expected] of [
      ["pipeline/executor/pool/task_worker.ts", "late.ts", "Cannot load the task from "],
      ["dashboard/server/worker.ts", "late.ts", "Cannot serve the dashboard: "],
      ["writer.ts", "first_pipeline.ts", "Cannot start the writer of "],
    ] as const
  ) {
    project.forget(path, url);
    const { message } = await run(file).then(() => new Error("It ran"), (error: Error) => error);
    assertStringIncludes(message, expected);
    assertMatch(message, new RegExp(`/${path} is not cached\\. Run deno cache on your program`));
    assert(!/ died|may or may not/.test(message), message);
  }
});

Deno.test({
  name: "deno compile embeds the Workers of a program; its own task modules are included by name",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using registry = await Registry.start();
    using project = openProject(registry.url, [CHECKOUT]);
    const { err } = await project.run("compile", "--no-check", "--include", "tasks.ts", "late.ts");
    const listed = new Set([...err.matchAll(/── (\S+)/g)].map(([, name]) => name));
    const needed = ["writer.ts", "task_worker.ts", "worker.ts", "worker/*", "tasks.ts", "late.ts"];
    // A folder that is embedded as a whole is listed as one line.
    const lazy = [
      "progress.ts",
      "run_log.ts",
      "telemetry.ts",
      "schedule/*",
      "task_observer.ts",
    ];
    assertEquals([...needed, ...lazy].filter((name) => !listed.has(name)), [], err);
  },
});

Deno.test("the package works from a checkout where no registry can be reached", async () => {
  await using registry = await Registry.start();
  const { url } = registry;
  await registry[Symbol.asyncDispose]();
  using project = openProject(url, [CHECKOUT]);
  // The way from there on is that of a registry.
  await (IS_LONG ? walk : runFirst)(project, [CHECKOUT]);
  assertEquals(await project.deno("run", "--no-prompt", ...FFI, "driver.ts"), "builtin 2\n");
});
