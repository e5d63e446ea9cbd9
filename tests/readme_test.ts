/**
 * The README names every option, every method that a user may call and every task of `deno.json`.
 *
 * @module
 */
import { createDashboard } from "../dashboard/mod.ts";
import { assert, assertEquals } from "./assert.ts";

const ROOT = new URL("..", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));

interface Member {
  name: string;
  jsDoc?: { tags?: { kind: string }[] };
}

interface DocNode {
  name: string;
  declarations: { def?: { properties?: Member[]; methods?: Member[] } }[];
}

/** What `deno doc` knows of the public symbols. */
async function readDocs(): Promise<DocNode[]> {
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "mod.ts", "dashboard/mod.ts"],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const json = JSON.parse(new TextDecoder().decode(stdout));
  return (Object.values(json.nodes) as { symbols: DocNode[] }[]).flatMap(({ symbols }) => symbols);
}

const docs = await readDocs();

function namesIn(symbol: string): string[] {
  const definition = docs.find(({ name }) => name === symbol)?.declarations[0]?.def;
  assert(definition, `deno doc tells nothing about ${symbol}`);
  const { properties = [], methods = [] } = definition;
  return [...properties, ...methods]
    .filter(({ jsDoc }) => !jsDoc?.tags?.some(({ kind }) => kind === "ignore"))
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("["));
}

function assertNamed(symbol: string): void {
  const names = namesIn(symbol);
  assert(names.length > 0, `${symbol} has nothing to name`);
  const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme));
  assertEquals(missing, [], `of ${symbol}`);
}

for (
  const symbol of [
    "PipelineOptions",
    "IdentityOptions",
    "WriterOptions",
    "InsertOptions",
    "DashboardOptions",
    "ServeOptions",
  ]
) {
  Deno.test(`README names every option of ${symbol}`, () => assertNamed(symbol));
}

for (const symbol of ["TaskContext", "SqliteWriter", "PipelineReport", "DashboardServer"]) {
  Deno.test(`README names everything of ${symbol}`, () => assertNamed(symbol));
}

Deno.test("README names every route of the dashboard", () => {
  using app = createDashboard({ db: "etl.db" });
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && path !== "/");
  assert(routes.length > 10, "The dashboard has routes");
  for (const { path } of routes) {
    if (!path.startsWith("/assets/")) assert(readme.includes(path), path);
  }
});

Deno.test("README names the tasks that a newcomer runs", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const task of Object.keys(tasks)) {
    assert(readme.includes(`deno task ${task}`), `deno task ${task}`);
  }
});

Deno.test("README's links lead somewhere", async () => {
  for (const [, target] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
    if (!target!.startsWith("https:")) await Deno.stat(new URL(target!, ROOT));
  }
});
