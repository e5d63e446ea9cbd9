/**
 * Hooks of a definition that the command line runs.
 *
 * @module
 */
import { assertEquals } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";
import { runCli, spawnCli } from "./cli_terminal.ts";

const HOOKED = decodeURIComponent(new URL("../fixtures/hooked.ts", import.meta.url).pathname);

/** The arguments that run a word, and what the hooks have written. */
function hooked(folder: ReturnType<typeof tempFolder>, word: string) {
  const file = folder.file("calls.txt");
  return {
    args: ["run", HOOKED, "--arg", `word=${word}`, "--arg", `file=${file}`],
    calls: () => Deno.readTextFileSync(file).trim().split("\n"),
  };
}

Deno.test("pipeloom run calls the hooks of a definition, and waits for them", async () => {
  using folder = tempFolder();
  const { args, calls } = hooked(folder, "good");
  const { code, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0, err);
  assertEquals(calls(), ["good: done", "hooked over: done 1"]);
});

Deno.test("pipeloom run calls the hooks when a signal has stopped it", async () => {
  using folder = tempFolder();
  const { args, calls } = hooked(folder, "wait");
  const child = spawnCli(args, { folder: folder.path });
  const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  while (!output.includes("I run")) output += (await errors.read()).value ?? "";
  child.kill("SIGTERM");
  while (!(await errors.read()).done);
  await child.stdout.cancel();
  assertEquals((await child.status).code, 143);
  assertEquals(calls(), ["wait: cancelled", "hooked over: cancelled 1"]);
});
