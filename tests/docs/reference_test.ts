/**
 * The reference: every entry of the package states its purpose, and every function and class that it exports
 * has an example that runs.
 *
 * @module
 */
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { longTest } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

interface Documented {
  name: string;
  declarations: {
    kind: string;
    jsDoc?: { doc?: string; tags?: { kind: string; doc?: string }[] };
  }[];
}

interface Entry {
  module_doc?: { doc?: string };
  symbols: Documented[];
}

/** The entries by their path. */
async function readReference(): Promise<[string, Entry][]> {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values<string>(exports)],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, Entry>;
  };
  assertEquals(Object.keys(nodes).length, Object.keys(exports).length);
  return Object.entries(nodes).map(([url, entry]) => [url.slice(ROOT.href.length), entry]);
}

const reference = await readReference();

for (const [path, { module_doc, symbols }] of reference) {
  Deno.test(`${path} states its purpose`, () => {
    assert((module_doc?.doc?.length ?? 0) > 50, "There is no text with @module");
  });

  Deno.test(`functions and classes of ${path} have examples that run`, () => {
    const lacking = symbols.filter(({ declarations: [declaration] }) => {
      if (declaration?.kind !== "function" && declaration?.kind !== "class") return false;
      const examples = declaration.jsDoc?.tags?.filter(({ kind }) => kind === "example") ?? [];
      return !examples.some(({ doc }) => /^```ts$/m.test(doc ?? ""));
    });
    assertEquals(lacking.map(({ name }) => name), []);
  });
}

Deno.test("every name of the package has an example", () => {
  const lacking = reference.flatMap(([, { symbols }]) => symbols)
    // An entry that exports what another defines only refers to it.
    .filter(({ declarations: [declaration] }) =>
      declaration?.kind !== "reference" &&
      !declaration?.jsDoc?.tags?.some(({ kind }) => kind === "example")
    );
  assertEquals(lacking.map(({ name }) => name), []);
});

longTest("deno doc makes a site of all entries", async () => {
  using folder = tempFolder();
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--html",
      "--name=pipeloom",
      `--output=${folder.path}`,
      ...Object.values<string>(exports),
    ],
    cwd: ROOT,
    stdout: "null",
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const page = Deno.readTextFileSync(folder.file("all_symbols.html"));
  for (const name of ["runPipeline", "connect", "createDashboard"]) {
    assert(page.includes(name), name);
  }
});

Deno.test("the reference is checked for every entry", async () => {
  const { exports, tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const linted: string = tasks.static.command.match(/deno doc --lint ([^&]+)/)[1];
  const entries = Object.values<string>(exports).map((path) => path.slice(2));
  assertEquals(linted.trim().split(" ").sort(), entries.sort());
});
