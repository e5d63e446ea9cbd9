/**
 * Keeps the import laws of `docs/architecture.md`: which room may import which.
 *
 * @module
 */
import { connect, initSchema } from "../db.ts";
import { assert, assertEquals } from "./support/assert.ts";
import { ROOT } from "./support/child.ts";
import { stronglyConnected } from "./support/graph.ts";
import { readModules } from "./support/module_graph.ts";

/** Where imports begin. */
const ENTRIES = [
  "mod.ts",
  "db.ts",
  "cli.ts",
  "logging.ts",
  "nats.ts",
  "testing.ts",
  "dashboard/mod.ts",
  "dashboard/client/main.tsx",
];
const WORKER_ENTRIES = [
  "writer.ts",
  "pipeline/executor/pool/task_worker.ts",
  "dashboard/server/worker.ts",
  "cli/serve/child/worker.ts",
];

/** Modules that only list names for users. */
const BARRELS = ["mod.ts", "db.ts", "nats.ts", "testing.ts", "dashboard/mod.ts"];

/**
 * Which module leads `deno cache` and `deno compile` to each Worker's entry: by a dynamic import that never runs, in
 * the place that starts the Worker. It is not an import of this thread, so the laws leave it out.
 */
const workerImports = new Map<string, string[]>();

/** Every module, by path, with the modules of the project that it imports, types included. */
async function readGraph(): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const entry of [...ENTRIES, ...WORKER_ENTRIES]) {
    for (const { specifier, dependencies = [] } of await readModules(entry)) {
      if (!specifier.startsWith(ROOT.href) || !/\.tsx?$/.test(specifier)) continue;
      const targets = dependencies
        .map(({ code, type }) => (code ?? type)?.specifier ?? "")
        .filter((target) => target.startsWith(ROOT.href) && /\.tsx?$/.test(target))
        .map((target) => target.slice(ROOT.href.length));
      const path = specifier.slice(ROOT.href.length);
      graph.set(path, targets.filter((target) => !WORKER_ENTRIES.includes(target)));
      const named = targets.filter((target) => WORKER_ENTRIES.includes(target));
      for (const target of named) {
        workerImports.set(target, [...new Set([...workerImports.get(target) ?? [], path])]);
      }
    }
  }
  return graph;
}

const graph = await readGraph();

/** Which rooms each room imports, itself and `internal/` and `errors.ts` apart, which all may. */
const LAWS: Readonly<Record<string, readonly string[]>> = {
  internal: [],
  "errors.ts": [],
  "logging.ts": [],
  "sqlite/drivers": ["sqlite"],
  sqlite: ["sqlite/drivers"],
  "writer/protocol": ["sqlite", "sqlite/drivers"],
  "writer/client": ["writer/protocol", "sqlite", "sqlite/drivers"],
  "writer/worker": ["writer/protocol", "sqlite", "sqlite/drivers"],
  "writer.ts": ["writer/worker", "writer/protocol", "sqlite", "sqlite/drivers"],
  pipeline: ["writer/client", "writer/protocol"],
  // For control: what a page asks of a run goes to the writer through the client's sender.
  dashboard: ["writer/client", "writer/protocol", "sqlite", "sqlite/drivers"],
  // Tasks on other machines: the scheduler's executor at one end, the pool's Workers at the other.
  nats: ["pipeline", "writer/client", "writer/protocol"],
  cli: [
    "pipeline",
    "dashboard",
    "nats",
    "writer/client",
    "writer/protocol",
    "sqlite",
    "sqlite/drivers",
    "logging.ts",
  ],
  "db.ts": ["sqlite", "sqlite/drivers"],
  "nats.ts": ["nats"],
  "testing.ts": ["pipeline"],
  "mod.ts": ["pipeline", "writer/client", "writer/protocol", "sqlite", "sqlite/drivers"],
};

/** The room of a module: the longest name among the laws that its path begins with. */
function roomOf(path: string): string {
  if (path === "cli.ts") return "cli";
  const rooms = Object.keys(LAWS).filter((room) => path === room || path.startsWith(`${room}/`));
  const [longest] = rooms.sort((a, b) => b.length - a.length);
  assert(longest, `${path} is in no room`);
  return longest;
}

function importersOf(path: string): string[] {
  return [...graph].filter(([, imports]) => imports.includes(path)).map(([path]) => path).sort();
}

/** Modules that delete what is old. */
const prunes = ["writer/client/prune.ts", "writer/client/prune_versions.ts"];

/** The code of a module, without its comments. */
async function readCode(path: string): Promise<string> {
  const source = await Deno.readTextFile(new URL(path, ROOT));
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
}

Deno.test("every room of the laws has modules", () => {
  assertEquals([...new Set([...graph.keys()].map(roomOf))].sort(), Object.keys(LAWS).sort());
});

Deno.test("each room imports only those below it, types counted", () => {
  const strangers = [];
  for (const [path, imports] of graph) {
    const room = roomOf(path);
    for (const target of imports) {
      const below = roomOf(target);
      if (below === room || below === "internal" || below === "errors.ts") continue;
      if (!LAWS[room]!.includes(below)) strangers.push(`${path} → ${target}`);
    }
  }
  assertEquals(strangers, []);
});

Deno.test("no modules import each other in a circle, types counted", () => {
  assertEquals(stronglyConnected(graph), []);
});

Deno.test("the finder of circles finds one", () => {
  const circle = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]], ["d", ["d"]]]);
  assertEquals(stronglyConnected(circle), [["b", "c"], ["d"]]);
});

Deno.test("no module imports a barrel", () => {
  for (const barrel of BARRELS) assertEquals(importersOf(barrel), [], barrel);
});

Deno.test("Worker entries are named by URL in one place each, where an import that never runs leads caches to them", async () => {
  for (const entry of WORKER_ENTRIES) {
    const name = entry.slice(entry.lastIndexOf("/") + 1);
    const naming = [];
    for (const path of graph.keys()) {
      const urls = (await readCode(path)).matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g);
      for (const [, url] of urls) {
        if (new URL(url!, new URL(path, ROOT)).href === new URL(entry, ROOT).href) {
          naming.push(path);
        }
      }
    }
    assertEquals(naming.length, 1, `${name} is named by ${naming}`);
    assertEquals(workerImports.get(entry), naming, name);
    const code = await readCode(naming[0]!);
    const imports = [...code.matchAll(/import\("[^"]*\b(?:writer|worker|task_worker)\.ts"\)/g)];
    const behindUrl = code.match(
      /workerEntry\(\s*new URL\("([^"]+)", import\.meta\.url\),\s*\(\) => import\("\1"\)/g,
    );
    assertEquals([imports.length, behindUrl?.length], [1, 1], name);
  }
});

Deno.test("SQL that reads for the dashboard lives in its queries", async () => {
  for (const path of graph.keys()) {
    if (!path.startsWith("dashboard/") || path.startsWith("dashboard/server/queries/")) continue;
    assert(!/\bSELECT\b[\s\S]*\bFROM\b/.test(await readCode(path)), path);
  }
});

Deno.test("SQL that writes lives in the rooms of the writer", async () => {
  // What rebuilds a file copies its tables as they are.
  const allowed = ["sqlite/rebuild.ts", "sqlite/tables/table_changes.ts", ...prunes];
  for (const path of graph.keys()) {
    if (roomOf(path) === "writer/worker" || allowed.includes(path)) continue;
    const code = await readCode(path);
    assert(!/\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/.test(code), path);
  }
});

Deno.test("only the command line deletes runs", () => {
  for (const prune of prunes) assertEquals(importersOf(prune), ["cli/commands/prune.ts"]);
});

Deno.test("modules.ts names every module that the writer's Worker loads, and no other", async () => {
  const all = new Map((await readModules("writer.ts")).map((one) => [one.specifier, one]));
  const importsOf = (specifier: string) =>
    all.get(specifier)!.dependencies?.filter(({ isDynamic }) => !isDynamic)
      .flatMap(({ code }) => code?.specifier?.startsWith(ROOT.href) ? code.specifier : []) ?? [];
  const list = new URL("writer/worker/modules.ts", ROOT).href;
  const loaded = new Set(importsOf(new URL("writer.ts", ROOT).href));
  loaded.delete(list);
  for (const specifier of loaded) for (const next of importsOf(specifier)) loaded.add(next);
  assertEquals(importsOf(list).sort(), [...loaded].sort());
});

/** Lines of a source file, and files of a folder. */
const MOST = { lines: 300, files: 25 };

/** What is still to be split. It only ever gets shorter. */
const PENDING: string[] = [];

Deno.test("no source file has over 300 lines, no folder over 25 files", async () => {
  const large: string[] = [];
  const walk = async (folder: string) => {
    let files = 0;
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else {
        files++;
        if (!/\.(tsx?|js|css)$/.test(name) || name.includes(".gen.")) continue;
        const text = await Deno.readTextFile(new URL(folder + name, ROOT));
        if (text.trimEnd().split("\n").length > MOST.lines) large.push(folder + name);
      }
    }
    if (files > MOST.files) large.push(folder.slice(0, -1));
  };
  for (
    const room of ["cli/", "dashboard/", "internal/", "nats/", "pipeline/", "sqlite/", "writer/"]
  ) {
    await walk(room);
  }
  assertEquals(large.sort(), PENDING);
});

Deno.test("architecture.md names every room and every table", async () => {
  const page = await Deno.readTextFile(new URL("docs/architecture.md", ROOT));
  using connection = await connect(":memory:");
  initSchema(connection);
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  assert(tables.length > 5, `${tables.length} tables`);
  const rooms = Object.keys(LAWS).filter((room) => !room.endsWith(".ts")).map((room) => `${room}/`);
  const names = [...tables.map(({ name }) => `${name}`), ...rooms];
  assertEquals(names.filter((name) => !page.includes(`\`${name}\``)), []);
});

Deno.test("PRAGMAs and transactions are in sqlite/ alone", async () => {
  const found = [];
  for (const path of graph.keys()) {
    if (path.startsWith("sqlite/")) continue;
    const hits = (await readCode(path)).match(
      /["'`]\s*(PRAGMA [a-z_]+(?= ?[=(`"'])|BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b/g,
    );
    if (hits) found.push(`${path}: ${hits.join(", ")}`);
  }
  assertEquals(found, []);
});

Deno.test("deno task test:faults runs every test that has a long form", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const paths: string[] = tasks["test:faults"].command.match(/\btests\/\S+/g);
  const left: string[] = [];
  const walk = async (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
      const path = folder + name;
      if (isDirectory) await walk(`${path}/`);
      else if (name.endsWith("_test.ts") && !paths.some((its) => path.startsWith(its))) {
        const text = await Deno.readTextFile(new URL(path, ROOT));
        if (/^import .*\/support\/(long_form|property)\.ts";$/m.test(text)) left.push(path);
      }
    }
  };
  await walk("tests/");
  assertEquals(left, []);
});
