/**
 * What users of Node and Bun read.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

const { name: NAME, exports: EXPORTS } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
) as { name: string; exports: Record<string, string> };

/** The oldest Node that runs TypeScript and knows `using`. */
const NODE_WITH_USING = 24;

/** Runs a script with another runtime, in a folder where the checkout is installed as a package. */
async function runWith(runtime: string, script: string): Promise<string[]> {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("node_modules/@pipeloom"), { recursive: true });
  await Deno.symlink(ROOT, folder.file(`node_modules/${NAME}`));
  await Deno.writeTextFile(folder.file("main.mjs"), script);
  const { stdout } = await new Deno.Command(runtime, { args: ["main.mjs"], cwd: folder.path })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A script that imports each of these and prints what that fails with. */
function importing(specifiers: readonly string[]): string {
  return `const texts = [];
    for (const name of ${JSON.stringify(specifiers)}) {
      texts.push(await import(name).then(() => name + " was loaded", ({ message }) => message));
    }
    console.log(JSON.stringify(texts));`;
}

for (const [runtime, called] of [["node", "Node"], ["bun", "Bun"]] as const) {
  Deno.test({
    name: `${called} learns at each entry that the package runs on Deno only`,
    ignore: await versionOf(runtime) === 0,
    async fn() {
      const entries = Object.keys(EXPORTS).map((key) => key.replace(/^\./, NAME));
      const texts = await runWith(runtime, importing(entries));
      assertEquals(texts.length, entries.length);
      for (const text of texts) {
        assertMatch(text, new RegExp(`^Cannot load ${NAME} in ${called} [\\d.]+: it runs on Deno`));
      }
    },
  });
}

Deno.test({
  name: "Node that runs TypeScript learns so from the files of a checkout",
  ignore: await versionOf("node") < NODE_WITH_USING,
  async fn() {
    const files = ["mod.ts", "db.ts", "cli.ts", "testing.ts"].map((name) => new URL(name, ROOT));
    for (const text of await runWith("node", importing(files.map(({ href }) => href)))) {
      assertMatch(text, /^Cannot load .+: it runs on Deno only\. Install Deno/);
    }
  },
});

// A registry for npm serves the entries compiled, module by module: the order of evaluation is that of the imports.
Deno.test("each entry evaluates what refuses other runtimes before any other module", async () => {
  for (const entry of new Set(Object.values(EXPORTS))) {
    const url = new URL(entry, ROOT);
    const code = (await Deno.readTextFile(url)).replace(/\/\*[\s\S]*?\*\/|^\/\/.*/gm, "");
    const [, first = ""] = /^(?:im|ex)port (?!type\b)[^;]*?"([^"]+)";/m.exec(code) ?? [];
    assertEquals(new URL(first, url).href, new URL("deno_only.js", ROOT).href, entry);
  }
});

/** The major version of a runtime; 0 where it is not installed. */
async function versionOf(runtime: string): Promise<number> {
  const started = Promise.try(() => new Deno.Command(runtime, { args: ["--version"] }).output());
  const { stdout } = await started.catch(() => ({ stdout: new Uint8Array() }));
  return Number(/\d+/.exec(new TextDecoder().decode(stdout))?.[0] ?? 0);
}
