/**
 * The README names every option, every method that a user may call, every command with its options and every
 * task of `deno.json`; and so do its guides lead somewhere.
 *
 * @module
 */
import { Command } from "commander";
import { EXIT } from "../../cli/terminal/exit_code.ts";
import type { CommandModule } from "../../cli/options.ts";
import { createDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

const ROOT = new URL("../../", import.meta.url);
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
    args: ["doc", "--json", "mod.ts", "db.ts", "dashboard/mod.ts", "logging.ts"],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const json = JSON.parse(new TextDecoder().decode(stdout));
  return (Object.values(json.nodes) as { symbols: DocNode[] }[]).flatMap(({ symbols }) => symbols);
}

const docs = await readDocs();

/** Whether it is the definition itself: an entry that exports what another defines only refers to it. */
function hasMembers([declaration]: DocNode["declarations"]): boolean {
  return (declaration?.def?.properties ?? declaration?.def?.methods) !== undefined;
}

function namesIn(symbol: string): string[] {
  const definition = docs
    .find(({ name, declarations }) => name === symbol && hasMembers(declarations))
    ?.declarations[0]?.def;
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
    "PolicyOptions",
    "TaskPolicy",
    "TagLimit",
    "PipelineDefinition",
    "ScheduleOptions",
    "ProgressOptions",
    "ConnectOptions",
    "IdentityOptions",
    "WriterOptions",
    "InsertOptions",
    "TransactionOptions",
    "DashboardOptions",
    "ServeOptions",
    "LoggingOptions",
  ]
) {
  Deno.test(`README names every option of ${symbol}`, () => assertNamed(symbol));
}

for (
  const symbol of [
    "TaskContext",
    "RunningPipeline",
    "SqliteWriter",
    "WriterStats",
    "PipelineReport",
    "DashboardServer",
  ]
) {
  Deno.test(`README names everything of ${symbol}`, () => assertNamed(symbol));
}

Deno.test("README names every route of the dashboard", () => {
  const writer = { attach: () => new MessageChannel().port1 };
  using app = createDashboard({ db: "etl.db", writer });
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && path !== "/");
  assert(routes.length > 10, "The dashboard has routes");
  for (const { path } of routes) {
    if (!path.startsWith("/assets/")) assert(readme.includes(path), path);
  }
});

const commandLine = readme.slice(readme.indexOf("## Command line"), readme.indexOf("## API"));

/** The row of a command. */
function rowOf(command: string): string {
  const row = commandLine.match(new RegExp(`^\\| \`pipeloom ${command}\\b.*$`, "m"))?.[0];
  assert(row, `There is no row of pipeloom ${command}`);
  return row;
}

/** The commands and the options of all of them, by the command line's own help. */
async function readHelp(): Promise<{ commands: string[]; options: string[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", "cli.ts", "--help"],
    cwd: ROOT,
  }).output();
  const help = new TextDecoder().decode(stdout);
  const [options, commands] = ["Options", "Commands"].map((title) => {
    const list = help.slice(help.indexOf(`${title}:`)).split("\n\n")[0]!;
    return [...list.matchAll(/^ {2}(\S.*?) {2,}/gm)].map(([, text]) => text!);
  });
  return { commands: commands!.map((usage) => usage.split(" ")[0]!), options: options! };
}

Deno.test("README names every command with its options, and shows each", async () => {
  const { commands } = await readHelp();
  assert(commands.length > 10, `${commands}`);
  for (const name of commands) {
    const row = rowOf(name);
    assertMatch(row, new RegExp(`\\| \`pipeloom ${name}[^|]*\` +\\|$`), `an example of ${name}`);
    if (name === "help") continue;
    const module: CommandModule = await import(`../../cli/commands/${name.replace("-", "_")}.ts`);
    const { options, registeredArguments } = module.define(new Command(name));
    for (const { flags, long } of options) {
      // What they all have is explained above the table.
      const text = long === "--db" || long === "--json" ? long : flags;
      assert(row.includes(`\`${text}\``), `${text} of pipeloom ${name}`);
    }
    for (const argument of registeredArguments) {
      assert(row.includes(argument.name()), `${argument.name()} of pipeloom ${name}`);
    }
  }
});

Deno.test("README names every option of the command line itself, and every exit code", async () => {
  const { options } = await readHelp();
  assert(options.length > 3, `${options}`);
  for (const option of [...options, "--db <path>"]) {
    assert(commandLine.includes(`\`${option}\``), option);
  }
  const codes = [...commandLine.matchAll(/^\| (\d[\d, ]*?) +\|/gm)].flatMap(([, text]) =>
    text!.split(", ")
  );
  assertEquals(codes.map(Number), Object.values(EXIT));
});

Deno.test("README names every entry of the package", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const entry of Object.keys(exports)) {
    const name = `@pipeloom/pipeloom${entry.slice(1)}`;
    assert(readme.includes(name), name);
  }
});

Deno.test("README names the tasks that a newcomer runs", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const task of Object.keys(tasks)) {
    assert(readme.includes(`deno task ${task}`), `deno task ${task}`);
  }
});

const GUIDES = new URL("docs/guides/", ROOT);

Deno.test("links of README and its guides lead somewhere, and every guide is linked", async () => {
  const guides = [...Deno.readDirSync(GUIDES)].map(({ name }) => name);
  for (const guide of guides) assert(readme.includes(`(docs/guides/${guide})`), guide);
  const pages = [new URL("README.md", ROOT), ...guides.map((name) => new URL(name, GUIDES))];
  for (const page of pages) {
    const text = await Deno.readTextFile(page);
    for (const [, target] of text.matchAll(/\]\(([^)#]+)/g)) {
      if (!target!.startsWith("https:")) await Deno.stat(new URL(target!, page));
    }
  }
});

Deno.test("no page tells anybody to grant everything", async () => {
  const guides = [...Deno.readDirSync(GUIDES)].map(({ name }) => new URL(name, GUIDES));
  for (const page of [new URL("README.md", ROOT), ...guides]) {
    assert(!/(^|\s)(-A|--allow-all)\b/m.test(await Deno.readTextFile(page)), page.pathname);
  }
});
