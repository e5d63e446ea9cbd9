import { assertEquals } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { Fixture } from "../support/spawn.ts";

/** A process that listens; it is given no folder. */
async function listen(mode: string): Promise<Fixture> {
  const child = new Fixture("interrupts.ts", "/nowhere", mode);
  assertEquals(await child.line(), "ready");
  return child;
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`onInterrupt() reports the first ${signal} and ends the program at the second`, async () => {
    await using child = await listen("held");
    child.kill(signal);
    assertEquals(await child.line(), signal);
    child.kill(signal);
    assertEquals((await child.status).code, code);
  });

  Deno.test(`onInterrupt() gives ${signal} back when it is disposed, once or twice`, async () => {
    await using child = await listen("given back");
    child.kill(signal);
    assertEquals((await child.status).signal, signal);
  });
}

Deno.test("onInterrupt() reports the first SIGHUP; a terminal sends two, and the second ends nothing", async () => {
  await using child = await listen("held");
  child.kill("SIGHUP");
  assertEquals(await child.line(), "SIGHUP");
  child.kill("SIGHUP");
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 143);
});

Deno.test("onInterrupt() gives SIGHUP back when it is disposed", async () => {
  await using child = await listen("given back");
  child.kill("SIGHUP");
  assertEquals((await child.status).signal, "SIGHUP");
});

Deno.test("onInterrupt() leaves a process under nohup alone", async () => {
  if (Deno.build.os !== "linux" || !await isInstalled("nohup")) return;
  const fixture = new URL("../fixtures/interrupts.ts", import.meta.url).href;
  await using child = new Deno.Command("nohup", {
    args: [Deno.execPath(), "run", "-A", "--no-lock", fixture, "held"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await lines.read()).value, "ready\n");
  child.kill("SIGHUP");
  child.kill("SIGTERM");
  assertEquals((await lines.read()).value, "SIGTERM\n");
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 143);
  await lines.cancel();
});

Deno.test("onInterrupt() takes another signal for the second", async () => {
  await using child = await listen("held");
  child.kill("SIGTERM");
  assertEquals(await child.line(), "SIGTERM");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
});

Deno.test("onInterrupt() calls every listener", async () => {
  await using child = await listen("twice");
  child.kill("SIGINT");
  assertEquals([await child.line(), await child.line()], ["SIGINT", "also SIGINT"]);
});
