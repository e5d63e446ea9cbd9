/**
 * The package as another project uses it: by its name, from a registry or from a checkout, in a folder of its
 * own and with no more permissions than the README says.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { publishedFiles, Registry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

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

/** A project that uses the package, with a cache of its own that has npm's packages and nothing else. */
class Project implements Disposable {
  readonly #folder = tempFolder();
  readonly #cache = tempFolder();
  readonly #env: Record<string, string>;

  constructor(jsrUrl: string, links: readonly string[], npmCache: string) {
    this.#env = {
      DENO_DIR: this.#cache.path,
      DENO_SQLITE_PATH: "",
      JSR_URL: jsrUrl,
      NO_COLOR: "1",
    };
    Deno.symlinkSync(npmCache, `${this.#cache.path}/npm`);
    this.write("deno.json", JSON.stringify({ imports: { [NAME]: `jsr:${NAME}@^0.1` }, links }));
    this.write("first_pipeline.ts", FIRST_PIPELINE);
    this.write("dashboard.ts", DASHBOARD);
    this.write("driver.ts", DRIVER);
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(this.#folder.file(name), text);
  }

  /** Runs `deno` with these words and returns what it printed. */
  async deno(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.#folder.path,
      env: this.#env,
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (code !== 0) throw new Error(`deno ${args.join(" ")} ended with ${code}:\n${out}${err}`);
    return out!;
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
    this.#cache[Symbol.dispose]();
  }
}

async function findNpmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

const npmCache = await findNpmCache();

/** What a newcomer does, by the README. `code` is what must be readable of a package that is local. */
async function walk(project: Project, code: string[] = []): Promise<void> {
  const run = ["run", "--no-prompt"];
  const read = `--allow-read=${[".", ...code].join(",")}`;
  assertMatch(
    await project.deno(...run, read, "--allow-write=.", "first_pipeline.ts"),
    /^done \{ queued: 0, running: 0, done: 2,/,
  );
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
    "pipeline/executor/task_worker.ts",
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
  assertEquals(surplus, ["CHANGELOG.md", "LICENSE", "README.md", "deno.json"]);
});

for (const sqlite of [false, true]) {
  const how = sqlite ? "that has @db/sqlite" : "that lacks @db/sqlite";
  Deno.test(`the package works from a registry ${how}`, async () => {
    await using registry = await Registry.start({ sqlite });
    using project = new Project(registry.url, [], npmCache);
    await walk(project);
    // Where not every permission is granted nobody asks for it.
    assert(!registry.asked.some((path) => path.startsWith("/@db/")), `${registry.asked}`);
    assertEquals(
      await project.deno("run", "--no-prompt", ...FFI, "driver.ts"),
      `${sqlite ? "ffi" : "builtin"} 2\n`,
    );
    // The types are the same ones; here is the project where one that is optional is missing.
    if (!sqlite) await project.deno("check", "first_pipeline.ts", "dashboard.ts");
  });
}

Deno.test("the package works from a checkout where no registry can be reached", async () => {
  await using registry = await Registry.start();
  const { url } = registry;
  await registry[Symbol.asyncDispose]();
  using project = new Project(url, [CHECKOUT], npmCache);
  await walk(project, [CHECKOUT]);
  assertEquals(await project.deno("run", "--no-prompt", ...FFI, "driver.ts"), "builtin 2\n");
});

Deno.test("the strict settings of a project find no error in a checkout that it links", async () => {
  await using registry = await Registry.start();
  const { url } = registry;
  await registry[Symbol.asyncDispose]();
  using project = new Project(url, [CHECKOUT], npmCache);
  const compilerOptions = {
    exactOptionalPropertyTypes: true,
    noImplicitReturns: true,
    noUncheckedIndexedAccess: true,
    noFallthroughCasesInSwitch: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    verbatimModuleSyntax: true,
  };
  const imports = { [NAME]: `jsr:${NAME}@^0.1` };
  project.write("deno.json", JSON.stringify({ imports, links: [CHECKOUT], compilerOptions }));
  const entries = ["", "/db", "/dashboard", "/logging", "/cli", "/testing"];
  project.write("all.ts", entries.map((entry) => `import "${NAME}${entry}";`).join("\n"));
  project.write(
    "maybe.ts",
    `import { runPipeline, type PipelineOptions } from "${NAME}";
    export async function run(options: Partial<PipelineOptions<string>>): Promise<void> {
      const { workers, signal, progress, resume, taskName, limits, tags } = options;
      const db = ":memory:";
      const given = { workers, signal, progress, resume, taskName, limits, tags };
      await runPipeline(["a"], { db, run: (item) => item, ...given });
    }`,
  );
  await project.deno("check", "all.ts", "maybe.ts");
});
