/**
 * `pipeloom` as `deno install -g` puts it on a machine, from a checkout and from a registry, with the lines of the
 * reference, and projects that have imports of their own.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { IS_LONG } from "../support/long_form.ts";
import { Project } from "../support/project.ts";
import { Registry } from "../support/registry.ts";

const CHECKOUT = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");
const reference = await Deno.readTextFile(new URL("docs/reference/command_line.md", ROOT));

/** The line of the reference that installs from here. */
function installing(from: string): string {
  const line = reference.match(/deno install -g [^`\n]+/g)?.find((line) => line.endsWith(from));
  assert(line, from);
  return line;
}

const IMPORTS = {
  "@pipeloom/pipeloom": "jsr:@pipeloom/pipeloom@^0.1",
  "lib/": "./",
  "times": "npm:croner@^11",
};

/** A project with a package of npm, a name of its own and a pipeline that needs neither. */
function openProject(registry: string, links: readonly string[]): Project {
  const project = new Project(registry, links);
  project.env.DENO_INSTALL_ROOT = project.folder.file("installed");
  project.write("deno.json", JSON.stringify({ imports: IMPORTS, links }));
  project.write("words.ts", `export const words = ["a", "b"];`);
  project.write("tasks.ts", "export const load = (item: string) => item.length;");
  project.write(
    "load it.ts",
    `import { definePipeline } from "@pipeloom/pipeloom";
    import { words } from "lib/words.ts";
    import { Cron } from "times";
    export default definePipeline({ items: words, run: () => new Cron("0 2 * * *").getPattern() });`,
  );
  return project;
}

/** Runs what is installed, and for the project with imports of its own the line that the error names. */
async function runInstalled(project: Project): Promise<void> {
  const pipeloom = "installed/bin/pipeloom";
  const task = await project.shell(`${pipeloom} run tasks.ts:load --item oslo`);
  assertMatch(task.out, /^tasks:load · done · 1 task/);
  const { message } = await project.shell(`${pipeloom} run 'load it.ts'`)
    .then(() => new Error("It ran"), (error: Error) => error);
  const [, links, line] =
    /In the folder of its deno\.json(?:, with "links": (.+?) in it)?: (deno run .+)/.exec(
      message,
    ) ??
      [];
  assert(line, message);
  if (links) {
    project.write("deno.json", JSON.stringify({ imports: IMPORTS, links: JSON.parse(links) }));
  }
  assertMatch((await project.shell(line)).out, /^load it · done · 2 tasks/);
}

Deno.test("pipeloom is installed from a checkout, and names the line for a project with imports", async () => {
  await using registry = await Registry.start();
  const { url } = registry;
  await registry[Symbol.asyncDispose]();
  using project = openProject(url, []);
  const line = installing("cli.ts");
  // Without its imports it names that line.
  const { message } = await project.deno("run", "--no-config", `${CHECKOUT}/cli.ts`, "runs")
    .then(() => new Error("It started"), (error: Error) => error);
  const [again] = /deno install -g -f [^,]+cli\.ts/.exec(message) ?? [];
  assert(again, message);
  assertEquals(again.replace(" -f", "").replaceAll(`${CHECKOUT}/`, ""), line);
  await project.shell(again);
  await runInstalled(project);
  // Nothing is left in the checkout.
  assertEquals([...Deno.readDirSync(CHECKOUT)].filter(({ name }) => name === "node_modules"), []);
});

Deno.test({
  name: "pipeloom is installed from a registry, and names the line for a project with imports",
  ignore: !IS_LONG,
  async fn() {
    await using registry = await Registry.start();
    using project = openProject(registry.url, []);
    await project.shell(installing("/cli"));
    await runInstalled(project);
  },
});
