/**
 * Compares the page about dependencies with `deno.json`, the lock, the packages themselves, and what modules import.
 *
 * @module
 */
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { packageOf, readModules } from "../support/module_graph.ts";
import { npmCache } from "../support/project.ts";
import { tempFolder } from "../support/temp.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const { imports, exports } = JSON.parse(await read("deno.json")) as {
  imports: Record<string, string>;
  exports: Record<string, string>;
};

/** A row of a table. */
interface Row {
  name: string;
  version: string;
  licence: string;
  size: string;
  brings: string[];
}

/** The rows of each part of the page. */
async function readParts(): Promise<Map<string, Row[]>> {
  const page = await read("docs/dependencies.md");
  return new Map(
    page.split(/^## /m).slice(1).map((part) => {
      const rows = part.split("\n").flatMap((line) => {
        const [, first = "", licence = "", size = "", brings = ""] = line.split("|")
          .map((cell) => cell.trim());
        const [, name, version] = /^`(.+)` (\S+)$/.exec(first) ?? [];
        if (name === undefined || version === undefined) return [];
        return [{
          name,
          version,
          licence,
          size,
          brings: brings === "none" ? [] : brings.split(", "),
        }];
      });
      return [part.split("\n")[0]!, rows];
    }),
  );
}

const parts = await readParts();
const rows = [...parts.values()].flat();

Deno.test("the page about dependencies names each of deno.json, in the version of the lock", async () => {
  const npm = Object.keys(imports).filter((name) => imports[name]!.startsWith("npm:"));
  assertEquals(rows.map(({ name }) => name).sort(), npm.sort());
  const { specifiers } = JSON.parse(await read("deno.lock")) as {
    specifiers: Record<string, string>;
  };
  const locked = new Map(
    Object.entries(specifiers).map(([wanted, version]) => [packageOf(wanted), version]),
  );
  for (const { name, version } of rows) {
    assertEquals(version, locked.get(name)!.split("_")[0], name);
  }
  const page = await read("docs/dependencies.md");
  for (const [name, wanted] of Object.entries(imports)) {
    if (wanted.startsWith("jsr:")) {
      assert(page.includes(`\`${name}\` ${wanted.split("@").at(-1)}`), name);
    }
  }
});

Deno.test("the page about dependencies lists each one's licence, size and what it brings", async () => {
  let compared = 0;
  for (const { name, version, licence, size, brings } of rows) {
    for (const { name: host } of Deno.readDirSync(npmCache)) {
      const folder = `${npmCache}/${host}/${name}/${version}`;
      const text = await Deno.readTextFile(`${folder}/package.json`).catch(() => undefined);
      if (text === undefined) continue;
      const { license, dependencies = {} } = JSON.parse(text);
      assertEquals([licence, brings], [license, Object.keys(dependencies)], name);
      const bytes = bytesOf(folder);
      assertEquals(
        size,
        bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`,
        name,
      );
      compared++;
    }
  }
  // What only benchmarks and other tests need may not be cached.
  assert(compared >= parts.get("What the package imports")!.length, `${compared} compared`);
});

Deno.test("the package imports what the page lists, and nothing else", async () => {
  using folder = tempFolder();
  const entries = [...Object.values(exports), "writer.ts"];
  const lines = entries.map((entry) => `import ${JSON.stringify(new URL(entry, ROOT).href)};`);
  await Deno.writeTextFile(folder.file("all.ts"), lines.join("\n"));
  const modules = await readModules(folder.file("all.ts"));
  const imported = new Set<string>();
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(ROOT.href)) continue;
    for (const { code, type } of dependencies) {
      const target = code?.specifier ?? type?.specifier ?? "";
      if (!/^(file|node):/.test(target)) imported.add(packageOf(target));
    }
  }
  // The Workers' entries are among them.
  assert(modules.some(({ specifier }) => specifier.endsWith("/task_worker.ts")));
  const named = parts.get("What the package imports")!.map(({ name }) => name);
  assertEquals([...imported].sort(), named.sort());
});

function bytesOf(folder: string): number {
  let bytes = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    bytes += isDirectory ? bytesOf(path) : Deno.statSync(path).size;
  }
  return bytes;
}
