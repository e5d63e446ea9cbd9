/**
 * The pages of `docs/reference/` name every option, every method that a user may call, every command with its
 * options, every route of the dashboard, every error class and every entry of the package.
 *
 * @module
 */
import { Command } from "commander";
import { EXIT } from "../../cli/terminal/exit_code.ts";
import type { CommandModule } from "../../cli/options.ts";
import { createDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";

const REFERENCE = new URL("docs/reference/", ROOT);

/** A page. */
async function readPage(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, REFERENCE));
}

const names = [...Deno.readDirSync(REFERENCE)].map(({ name }) => name).sort();
const pages = new Map(
  await Promise.all(names.map(async (name) => [name, await readPage(name)] as const)),
);

/** The pages where users look for the members of a symbol. */
const PAGES_OF: Readonly<Record<string, readonly string[]>> = {
  PipelineOptions: ["options.md"],
  PolicyOptions: ["options.md"],
  TaskPolicy: ["options.md"],
  TagLimit: ["options.md"],
  IdentityOptions: ["options.md"],
  DependencyOptions: ["options.md"],
  QueueOptions: ["options.md"],
  ProgressOptions: ["options.md"],
  PipelineReport: ["options.md"],
  PipelineDefinition: ["command_line.md", "options.md"],
  ScheduleOptions: ["command_line.md"],
  ConnectOptions: ["writer.md"],
  WriterOptions: ["options.md"],
  SqliteWriter: ["writer.md"],
  WriterStats: ["writer.md"],
  InsertOptions: ["tasks.md"],
  TransactionOptions: ["tasks.md"],
  TaskContext: ["tasks.md"],
  RunningPipeline: ["tasks.md"],
  DashboardOptions: ["dashboard.md"],
  ServeOptions: ["dashboard.md"],
  DashboardServer: ["dashboard.md"],
  LoggingOptions: ["logging.md"],
  NatsExecutorOptions: ["nats.md"],
  NatsOptions: ["nats.md"],
  NatsTls: ["nats.md"],
  ServeWorkerOptions: ["nats.md"],
};

/** The text of pages. */
function textOf(names: readonly string[]): string {
  return names.map((name) => pages.get(name)!).join("\n");
}

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
    args: ["doc", "--json", "mod.ts", "db.ts", "dashboard/mod.ts", "logging.ts", "nats.ts"],
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
  const members = namesIn(symbol);
  assert(members.length > 0, `${symbol} has nothing to name`);
  const text = textOf(PAGES_OF[symbol]!);
  const missing = members.filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  assertEquals(missing, [], `of ${symbol}`);
}

for (const [symbol, where] of Object.entries(PAGES_OF)) {
  Deno.test(`${where.join(" and ")} names all members of ${symbol}`, () => assertNamed(symbol));
}

Deno.test("http_api.md names every route of the dashboard", () => {
  const writer = { attach: () => new MessageChannel().port1 };
  using app = createDashboard({ db: "etl.db", writer });
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && path !== "/");
  assert(routes.length > 10, "The dashboard has routes");
  const page = textOf(["http_api.md"]);
  for (const { path } of routes) {
    if (!path.startsWith("/assets/")) assert(page.includes(path), path);
  }
});

const commandLine = textOf(["command_line.md"]);

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

Deno.test("command_line.md names every command with its options, and shows each", async () => {
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

Deno.test("command_line.md names every option of the command line itself, and every exit code", async () => {
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

Deno.test("package.md names every entry of the package", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const entry of Object.keys(exports)) {
    const name = `@pipeloom/pipeloom${entry.slice(1)}`;
    assert(textOf(["package.md"]).includes(`\`${name}\``), name);
  }
});

Deno.test("errors.md names every error class of the package", () => {
  const classes = docs.map(({ name }) => name).filter((name) => /^[A-Z]\w*Error$/.test(name));
  assert(classes.length > 4, `${classes}`);
  const rows = textOf(["errors.md"]);
  for (const name of classes) assert(name === "ApiError" || rows.includes(`\`${name}\``), name);
});

Deno.test("the index of the reference links every page, and so does README", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  for (const name of names) {
    assert(readme.includes(`(docs/reference/${name})`), `README links ${name}`);
    assert(name === "README.md" || pages.get("README.md")!.includes(`(${name})`), name);
  }
});
