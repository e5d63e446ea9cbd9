/**
 * A newcomer's path: the blocks of the guide to the first hour, in their order, in a copy of the repository.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { Guide } from "../support/guide.ts";
import { IS_LONG } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

const guide = await Guide.read("first_hour.md");

/** What a clone has that no block of the guide reads. */
const LEFT_OUT = /^(\.git|node_modules|tests|bench)$|\.db(-\w+)?$/;

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

/** A shell in a folder, which finds this Deno. */
function shell(cwd: string, line: string, env: Record<string, string> = {}): Deno.Command {
  const bin = Deno.execPath().replace(/\/[^/]*$/, "");
  return new Deno.Command("/bin/sh", {
    args: ["-c", line],
    cwd,
    env: { NO_COLOR: "1", PATH: `${bin}:${Deno.env.get("PATH")}`, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** What a line prints. */
async function printed(cwd: string, line: string, env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await shell(cwd, line, env).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, `${line}\n${out}${err}`);
  return out!;
}

Deno.test({
  name: "the blocks of the first hour print what the guide shows, one after the other",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = tempFolder();
    const clone = folder.file("pipeloom");
    copy(ROOT, clone);
    const env: Record<string, string> = {};
    if (IS_LONG) {
      // From empty caches, and with the first of the two commands.
      env.DENO_DIR = folder.file("cache");
      env.CI = "1";
      assertStringIncludes(
        await printed(clone, guide.block("sh demo"), env),
        "564,784 rows, 61 tables",
      );
    }
    Deno.mkdirSync(`${clone}/hour`);
    for (const [path, text] of guide.files) Deno.writeTextFileSync(`${clone}/${path}`, text);
    const run = (name: string) => printed(clone, guide.block(`sh ${name}`), env);
    assertEquals(await run("first"), guide.block("text first"));
    assertMatch(await run("status"), /README\.md[\s\S]*LICENSE|LICENSE[\s\S]*README\.md/);
    assertEquals(await run("failure"), guide.block("text failure"));
    assertEquals(await run("resume"), guide.block("text resume"));
    assertEquals(await run("graph"), guide.block("text graph"));

    // Any port, because the one of the guide may be taken.
    const line = `exec ${guide.block("sh dashboard").trim()} --port 0`;
    await using child = shell(clone, line, env).spawn();
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
    child.kill("SIGTERM");
    await child.stderr.cancel();
  },
});
