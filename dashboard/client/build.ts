/**
 * Makes the page: bundles the sources beside this file into `dashboard/server/client.gen.ts`, which is what the
 * server imports, so that users build nothing. `--check` makes it again and fails where it differs.
 *
 * Another version of Deno may bundle the same sources into other bytes. There the check compares the hash of
 * the sources alone.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname } from "node:path";

const ROOT = new URL("../../", import.meta.url);
const OUTPUT = new URL("dashboard/server/client.gen.ts", ROOT);

/** Packages that are part of the bundle, whose licences ask for their texts to be kept with it. */
const PACKAGES = ["preact", "uplot"];

const require = createRequire(import.meta.url);

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  const before = await Deno.readTextFile(OUTPUT).catch(() => "");
  const sources = await hashSources();
  const [, version, hash] = /^\/\/ Deno ([\d.]+), sources (\w+)$/m.exec(before) ?? [];
  const isOurs = version === Deno.version.deno;
  const isCurrent = check && !isOurs ? hash === sources : before === await build(sources);
  if (check && !isCurrent) {
    console.error(
      "dashboard/server/client.gen.ts is not what its sources make: run deno task client",
    );
    Deno.exit(1);
  }
  if (!check) await Deno.writeTextFile(OUTPUT, await build(sources));
}

/** The text of the generated module. */
async function build(sources: string): Promise<string> {
  const script = await readLicences(PACKAGES) + await bundle("main.tsx", ["--format", "iife"]);
  const style = await readLicences(["uplot"]) + await bundle("styles/main.css");
  // An exported file has both in it.
  for (const text of [script, style]) {
    if (/<!--|<\/(script|style)/i.test(text)) throw new Error("The bundle would end its element");
  }
  const parts = {
    INDEX: ["The page itself, a template.", await readSource("index.html")],
    SCRIPT: ["The program of the page, a classic script.", script],
    STYLE: ["Its style sheet.", style],
    ICON: ["Its icon, an SVG.", await readSource("favicon.svg")],
  };
  const constants = Object.entries(parts).map(([name, [comment, text]]) =>
    `/** ${comment} */\nexport const ${name}: string = ${JSON.stringify(text)};\n`
  );
  return `// deno-fmt-ignore-file
// deno-lint-ignore-file
// Deno ${Deno.version.deno}, sources ${sources}
/**
 * The page, made from dashboard/client/ by \`deno task client\`. Change the sources, not this file.
 *
 * @module
 */
${constants.join("\n")}`;
}

async function bundle(entry: string, options: string[] = []): Promise<string> {
  const { success, stdout, stderr } = await deno(
    ["bundle", "--quiet", "--platform", "browser", "--minify", ...options, sourceUrl(entry).href],
  );
  if (!success) throw new Error(`Cannot bundle ${entry}: ${stderr}`);
  return stdout.trim() + "\n";
}

/** A hash of all that the page is made of. */
async function hashSources(): Promise<string> {
  const { stdout } = await deno(["info", "--json", sourceUrl("main.tsx").href]);
  const modules: { specifier: string }[] = JSON.parse(stdout).modules;
  const files = modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith(ROOT.href))
    .map((specifier) => specifier.slice(ROOT.href.length));
  for await (const { name } of Deno.readDir(sourceUrl("styles/"))) {
    files.push(`dashboard/client/styles/${name}`);
  }
  files.push("dashboard/client/index.html", "dashboard/client/favicon.svg");
  const hash = createHash("sha256");
  for (const name of PACKAGES) hash.update(`${name} ${packageOf(name).version}\n`);
  for (const file of files.sort()) {
    hash.update(`${file}\n`).update(await Deno.readTextFile(new URL(file, ROOT)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The licences of packages as a comment. */
async function readLicences(names: readonly string[]): Promise<string> {
  const texts = await Promise.all(names.map(async (name) => {
    const { folder, version } = packageOf(name);
    return `${name} ${version}\n\n${(await Deno.readTextFile(`${folder}/LICENSE`)).trim()}`;
  }));
  return `/*!\n${texts.join("\n\n")}\n*/\n`;
}

function packageOf(name: string): { folder: string; version: string } {
  let folder = dirname(require.resolve(name));
  while (!exists(`${folder}/package.json`)) folder = dirname(folder);
  return { folder, version: JSON.parse(Deno.readTextFileSync(`${folder}/package.json`)).version };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function readSource(name: string): Promise<string> {
  return await Deno.readTextFile(sourceUrl(name));
}

function sourceUrl(name: string): URL {
  return new URL(name, import.meta.url);
}

async function deno(args: string[]): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
