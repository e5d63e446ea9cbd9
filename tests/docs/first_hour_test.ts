/**
 * A newcomer's path: README and the blocks of the guide to the first hour, in their order and as they stand.
 *
 * In the suite the guide's blocks run in a copy of the checkout, with the caches of this machine. The long form starts
 * from a `git clone` with empty caches and with nothing of ours on the path but Node and npm, and begins with README.
 * The second of README's two commands is this suite, which cannot contain itself: the long form gives it a filter, and
 * `.ci/run` runs the line as it stands.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { Guide } from "../support/guide.ts";
import { IS_LONG } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

/** What a clone has that no block of the guide reads. */
const LEFT_OUT = /^(\.git|node_modules|tests|bench)$|\.db(-\w+)?$/;

/** The programs of a machine with Node and npm; `npx` itself needs a shell. */
const PROGRAMS = ["node", "npm", "npx", "sh", "env", "uname"];

/** A test of the suite, so that its command ends soon. */
const FILTER = "formatRatio";

/** Copies the repository as a clone has it. */
function copy(from: URL, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory, isFile } of Deno.readDirSync(from)) {
    if (LEFT_OUT.test(name)) continue;
    const target = `${to}/${name}`;
    if (isDirectory) copy(new URL(`${name}/`, from), target);
    else if (isFile) Deno.copyFileSync(new URL(name, from), target);
  }
}

/** Clones the repository of this checkout, with what is committed. */
async function clone(to: string): Promise<void> {
  const path = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");
  try {
    Deno.lstatSync(`${path}/.git`);
  } catch {
    throw new Error(`Cannot clone ${path}: it has no .git; run the long form in a git checkout`);
  }
  await printed(".", `git clone --quiet 'file://${path}' '${to}'`);
}

/** The environment of a machine on which Deno was never used. */
function emptyMachine(folder: string): Record<string, string> {
  const bin = `${folder}/bin`;
  Deno.mkdirSync(bin);
  const folders = Deno.env.get("PATH")!.split(":");
  for (const name of PROGRAMS) {
    const found = folders.find((path) => {
      try {
        return Deno.statSync(`${path}/${name}`).isFile;
      } catch {
        return false;
      }
    });
    if (!found) throw new Error(`Cannot walk the first hour as README has it: ${name} is missing`);
    Deno.symlinkSync(`${found}/${name}`, `${bin}/${name}`);
  }
  const { CI: _, PIPELOOM_FAULTS: __, ...env } = Deno.env.toObject();
  const caches = { DENO_DIR: `${folder}/deno`, npm_config_cache: `${folder}/npm` };
  return { ...env, ...caches, PATH: bin, NO_COLOR: "1" };
}

/** A shell in a folder; without an environment of its own it finds this Deno. */
function shell(cwd: string, line: string, env?: Record<string, string>): Deno.Command {
  const bin = Deno.execPath().replace(/\/[^/]*$/, "");
  return new Deno.Command("/bin/sh", {
    args: ["-c", line],
    cwd,
    env: env ?? { NO_COLOR: "1", PATH: `${bin}:${Deno.env.get("PATH")}` },
    clearEnv: env !== undefined,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // A process group of its own: npx passes no signal to the program that it starts.
    detached: true,
  });
}

/** What a line prints. */
async function printed(cwd: string, line: string, env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await shell(cwd, line, env).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, `${line}\n${out}${err}`);
  return out!;
}

/** The lines of README's blocks in a language, one after the other. */
function blocksOf(readme: string, language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language).map(([, , text]) => text!);
}

/** README from its two commands to its first pipeline, in a project beside the clone. */
async function walkReadme(folder: string, env: Record<string, string>): Promise<void> {
  const path = `${folder}/pipeloom`;
  const readme = Deno.readTextFileSync(`${path}/README.md`);
  const [commands, add, run] = blocksOf(readme, "sh");
  const [demo, test] = commands!.trim().split("\n");
  assertStringIncludes(await printed(path, demo!, env), "564,784 rows, 61 tables");
  const suite = await printed(path, `${test} --filter ${FILTER}`, env);
  assertMatch(suite, /^[1-9]\d* passed, 0 failed$/m);

  // In place of a registry, as README has it: the project names the checkout.
  assertEquals(add, "deno add jsr:@pipeloom/pipeloom\n");
  const page = Deno.readTextFileSync(`${path}/docs/reference/package.md`);
  const project = `${folder}/project`;
  Deno.mkdirSync(project);
  Deno.writeTextFileSync(`${project}/deno.json`, blocksOf(page, "json")[0]!);
  Deno.writeTextFileSync(`${project}/first_pipeline.ts`, blocksOf(readme, "ts")[0]!);
  const read = /`--allow-read=(\S+)`/.exec(page)![1]!;
  const line = run!.replace("--allow-read=.", `--allow-read=${read}`);
  assertEquals(await printed(project, withNpx(line), env), blocksOf(readme, "text")[0]);
}

/** A block for a machine without Deno, as the guide has it. */
function withNpx(block: string): string {
  return block.replaceAll(/^deno /gm, "npx -y deno ");
}

Deno.test("the test command of README is a line of .ci/run", async () => {
  const [commands] = blocksOf(await Deno.readTextFile(new URL("README.md", ROOT)), "sh");
  const test = commands!.trim().split("\n").at(-1)!;
  assertEquals(test, "npx -y deno task test");
  const script = await Deno.readTextFile(new URL(".ci/run", ROOT));
  assert(script.split("\n").some((line) => line.includes(`${test} 2>&1 | tee`)), script);
});

Deno.test({
  name: "the blocks of the first hour print what the guide shows, one after the other",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = tempFolder();
    const path = folder.file("pipeloom");
    let env: Record<string, string> | undefined;
    if (IS_LONG) {
      await clone(path);
      env = emptyMachine(folder.path);
      await walkReadme(folder.path, env);
    } else copy(ROOT, path);
    const guide = await Guide.read("first_hour.md", path);
    const block = (name: string) => IS_LONG ? withNpx(guide.block(name)) : guide.block(name);

    Deno.mkdirSync(`${path}/hour`);
    for (const [file, text] of guide.files) Deno.writeTextFileSync(`${path}/${file}`, text);
    const run = (name: string) => printed(path, block(`sh ${name}`), env);
    assertEquals(await run("first"), guide.block("text first"));
    assertMatch(await run("status"), /README\.md[\s\S]*LICENSE|LICENSE[\s\S]*README\.md/);
    assertEquals(await run("failure"), guide.block("text failure"));
    assertEquals(await run("resume"), guide.block("text resume"));
    assertEquals(await run("graph"), guide.block("text graph"));

    // Any port, because the one of the guide may be taken.
    const line = `exec ${block("sh dashboard").trim()} --port 0`;
    await using child = shell(path, line, env).spawn();
    let out = "";
    let url: string | undefined;
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      url = /http:\/\/\S+/.exec(out += part)?.[0];
      if (url) break;
    }
    assert(url, out);
    const { runs } = await (await fetch(new URL("api/runs", url))).json();
    assertEquals(
      runs.map(({ name, status }: { name: string; status: string }) => [name, status]),
      [["graph", "done"], ["notes", "done"], ["first", "done"]],
    );
    const graph = await (await fetch(new URL(`api/runs/${runs[0].id}/graph`, url))).json();
    assertEquals(graph.edges.length, 2);
    Deno.kill(-child.pid, "SIGTERM");
    await child.stderr.cancel();
  },
});
