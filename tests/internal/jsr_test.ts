import { assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT, runChild } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

const ALL = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-write", "--allow-net"];
const WRITER = JSON.stringify(new URL("writer/client/sqlite_writer.ts", ROOT).href);

/** Which packages a script asks a registry for that has none. */
async function askedFor(script: string, flags: string[]): Promise<string[]> {
  const asked: string[] = [];
  await using registry = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => {
      asked.push(new URL(url).pathname);
      // Unlike "not found" this is not remembered.
      return new Response(null, { status: 403 });
    },
  );
  using cache = tempFolder();
  const env = {
    JSR_URL: `http://127.0.0.1:${registry.addr.port}/`,
    DENO_DIR: cache.path,
    DENO_SQLITE_PATH: "",
  };
  await runChild(script, { flags, env, uncached: true });
  return asked;
}

/** A script that starts writers of a file that is there, of a new one by its URL, and of none. */
function startWriters(folder: string, driver: string): string {
  return `import { SqliteWriter } from ${WRITER};
    Deno.writeTextFileSync("${folder}/a.db", "");
    for (const db of ["${folder}/a.db", "file://${folder}/new/b.db", ":memory:"]) {
      const writer = await SqliteWriter.open({ db, driver: "${driver}" });
      await writer.close();
    }
    console.log("0");`;
}

Deno.test("only driver ffi by name asks a registry", async () => {
  using folder = tempFolder();
  const sqlite = "/@db/sqlite/meta.json";
  const scoped = [`--allow-read=${folder.path},${decodeURIComponent(ROOT.pathname)}`];
  scoped.push(`--allow-write=${folder.path}`);
  assertEquals(await askedFor(startWriters(folder.path, "auto"), scoped), []);
  // The search for a driver is not a reason to download one, whatever is granted.
  assertEquals(await askedFor(startWriters(folder.path, "auto"), ALL), []);
  // Once for the process, not once for each Worker.
  const named = startWriters(folder.path, "ffi").replaceAll("await writer.close", "writer?.close")
    .replace(/(await SqliteWriter[^;]+);/, "$1.catch(() => {});");
  assertEquals(await askedFor(named, ALL), [sqlite]);
});

Deno.test("importFromJsr() does not import, nor ask, what it may not", async () => {
  const script = `import { importFromJsr } from ${
    JSON.stringify(new URL("internal/jsr.ts", ROOT).href)
  };
    console.log(JSON.stringify(
      await importFromJsr("jsr:@db/sqlite@0.13.0").catch(({ message }) => message)));`;
  const flags = ["--deny-import=jsr.io:443"];
  assertEquals(await runChild(script, { flags }), "--allow-import=jsr.io is not granted");
});

Deno.test("importFromJsr() imports the versions that deno.json names, which are exact", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const source = await Deno.readTextFile(new URL("internal/jsr.ts", ROOT));
  const specifiers = source.match(/"jsr:@[^"]+"/g)!.map((specifier) => JSON.parse(specifier));
  const used = ["@db/sqlite", "@std/assert", "@std/path"].map((name) => imports[name]);
  assertEquals([...new Set(specifiers)], used);
  for (const specifier of used) assertMatch(specifier, /@\d+\.\d+\.\d+$/);
});
