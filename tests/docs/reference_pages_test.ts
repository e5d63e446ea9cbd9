/**
 * The pages of `docs/reference/` are generated from the code: a page that was not generated again is a failing test,
 * and so is a public name whose members no page lists.
 *
 * @module
 */
import { COMMANDS } from "../../cli/program.ts";
import { EXIT } from "../../cli/terminal/exit_code.ts";
import { Api } from "../../docs/generate/api.ts";
import { renderReference } from "../../docs/generate/reference.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";

const REFERENCE = new URL("docs/reference/", ROOT);
const TEMPLATES = new URL("docs/generate/pages/", ROOT);
const api = await Api.read();

/** A page. */
async function readPage(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, REFERENCE));
}

const names = [...Deno.readDirSync(REFERENCE)].map(({ name }) => name).sort();
const pages = new Map(
  await Promise.all(names.map(async (name) => [name, await readPage(name)] as const)),
);

const templates = [...Deno.readDirSync(TEMPLATES)]
  .map(({ name }) => Deno.readTextFileSync(new URL(name, TEMPLATES)));

Deno.test("the pages of the reference are what deno task docs writes", async () => {
  for (const [path, text] of await renderReference(api)) {
    const written = await Deno.readTextFile(new URL(path, ROOT));
    assert(written === text, `${path} is stale: run deno task docs`);
  }
});

Deno.test("the reference lists the members of every interface and class of the package", () => {
  const listed = new Set(
    templates.flatMap((text) =>
      [...text.matchAll(/^\{\{[\w-]+ (.+)\}\}$/gm)].flatMap(([, names]) => names!.split(" "))
    ),
  );
  const http = pages.get("http_api.md")!;
  const unlisted = api.entries.flatMap(({ symbols }) => symbols.map(({ name }) => name))
    .filter((name) => {
      const { properties, methods } = api.membersOf(name);
      if (properties.length + methods.length === 0 || name.endsWith("Error")) return false;
      return !listed.has(name) && !http.includes(`### \`${name}\``);
    });
  // The Standard Schema describes it.
  assertEquals([...new Set(unlisted)].sort(), ["ArgumentsValidator"]);
});

Deno.test("command_line.md names every exit code", () => {
  const codes = [...pages.get("command_line.md")!.matchAll(/^\| (\d[\d, ]*?) +\|/gm)]
    .flatMap(([, text]) => text!.split(", "));
  assertEquals(codes.map(Number), Object.values(EXIT));
});

Deno.test("package.md names every entry of the package", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const table = pages.get("package.md")!.split("## All names")[0]!;
  for (const entry of Object.keys(exports)) {
    const name = `@pipeloom/pipeloom${entry.slice(1)}`;
    assert(table.includes(`\`${name}\``), name);
  }
});

Deno.test("permissions.md names every command", () => {
  const page = pages.get("permissions.md")!;
  for (const name of Object.keys(COMMANDS)) {
    assert(new RegExp(`^\\| [^|]*\`pipeloom [^|]*\\b${name}\\b`, "m").test(page), name);
  }
});

Deno.test("errors.md names a remedy for every code of SqliteError", async () => {
  const source = await Deno.readTextFile(new URL("errors.ts", ROOT));
  const codes = /type SqliteErrorCode =([^;]+);/.exec(source)![1]!.match(/[\w-]+/g)!;
  assert(codes.length > 5, `${codes}`);
  for (const code of codes) assert(pages.get("errors.md")!.includes(`| \`${code}\``), code);
});

Deno.test("the index of the reference links every page, and README links the index", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  assert(readme.includes("(docs/reference/README.md)"));
  for (const name of names) {
    assert(name === "README.md" || pages.get("README.md")!.includes(`(${name})`), name);
  }
});
