import { chooseDriver } from "../../../sqlite/drivers/choose.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { isInstalled, ROOT, runChild } from "../../support/child.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

interface Choice {
  name?: string | undefined;
  reason?: string;
  error?: string;
}

/** A script that prints what `chooseDriver` makes of a choice. */
function choose(choice: string): string {
  return `
    import { chooseDriver } from ${JSON.stringify(new URL("sqlite/drivers/choose.ts", ROOT).href)};
    const choice = await chooseDriver(${JSON.stringify(choice)}).then(
      ({ driver, reason }) => ({ name: driver.name, reason }),
      ({ message }) => ({ error: message }),
    );
    console.log(JSON.stringify(choice));`;
}

const EVERYTHING = ["--allow-ffi", "--allow-env", "--allow-read", "--allow-write", "--allow-net"];

/** Flags that map `@db/sqlite` to what cannot be loaded, whether its registry is in reach or not. */
async function withoutPackage(folder: string): Promise<string[]> {
  const map = `${folder}/import_map.json`;
  await Deno.writeTextFile(
    map,
    JSON.stringify({ imports: { "jsr:@db/sqlite@0.13.0": "./missing.ts" } }),
  );
  return ["--no-config", `--import-map=${map}`];
}

Deno.test("chooseDriver() loads the driver that it is asked for", async () => {
  for (const name of DRIVERS) {
    const { driver } = await chooseDriver(name);
    assertEquals(driver.name, name);
    const connection = driver.open(":memory:", { readOnly: false, doubleQuotedLiterals: true });
    assertEquals(connection.prepare("SELECT 1 AS a").get([])!.a, 1);
    connection.close();
  }
});

Deno.test("chooseDriver() takes FFI by default where it loads, and gives the reason where it does not", async () => {
  for (const choice of [await chooseDriver(), await chooseDriver("auto")]) {
    if (DRIVERS.includes("ffi")) {
      assertEquals([choice.driver.name, choice.reason], ["ffi", undefined]);
    } else {
      assertEquals(choice.driver.name, "builtin");
      assert(choice.reason);
    }
  }
});

Deno.test("chooseDriver() refuses any other name", async () => {
  for (const choice of ["", "FFI", "sqlite", null, 1, ["ffi"]]) {
    await assertRejects(
      () => chooseDriver(choice as "ffi"),
      TypeError,
      'expected "auto" or "ffi" or "builtin" for driver, got ',
    );
  }
});

for (
  const [what, flags, missing] of [
    ["nothing", [], "--allow-env=DENO_SQLITE_PATH is not granted"],
    ["all but --allow-ffi", EVERYTHING.slice(1), "--allow-ffi is not granted"],
    ["all but --allow-net", EVERYTHING.slice(0, -1), "--allow-net is not granted"],
    [
      "--allow-net for one host",
      [...EVERYTHING.slice(0, -1), "--allow-net=127.0.0.1"],
      "--allow-net",
    ],
  ] as const
) {
  Deno.test(`chooseDriver() with ${what} takes the built-in driver, and for "ffi" names the flag`, async () => {
    const options = { flags: [...flags], env: { DENO_SQLITE_PATH: "" } };
    const auto = await runChild(choose("auto"), options) as Choice;
    assertEquals(auto.name, "builtin");
    assertStringIncludes(auto.reason!, missing);
    const { error } = await runChild(choose("ffi"), options) as Choice;
    assertStringIncludes(error!, `Cannot use driver "ffi": ${missing}`);
    assertStringIncludes(error!, "run with --allow-ffi --allow-env --allow-read --allow-write");
    assertStringIncludes(error!, 'or use driver "builtin"');
  });
}

Deno.test("chooseDriver() needs only --allow-env and --allow-ffi for a library that is named", async () => {
  using folder = tempFolder();
  const library = folder.file("libsqlite3.so");
  const env = { DENO_SQLITE_PATH: library };
  const scoped = await runChild(choose("ffi"), {
    flags: ["--allow-env", `--allow-ffi=${library}`],
    env,
  }) as Choice;
  // Of that library alone is too little: pointers need all of it.
  assertStringIncludes(scoped.error!, "--allow-ffi is not granted");
  const flags = ["--allow-env", "--allow-ffi", ...await withoutPackage(folder.path)];
  const { error } = await runChild(choose("ffi"), { flags, env }) as Choice;
  // It reached the import: nothing more was missing.
  assertStringIncludes(error!, "make jsr:@db/sqlite reachable, or set DENO_SQLITE_PATH");
});

Deno.test("chooseDriver() without the package takes the built-in driver, and for ffi names it", async () => {
  using folder = tempFolder();
  const flags = [...EVERYTHING, ...await withoutPackage(folder.path)];
  const env = { DENO_SQLITE_PATH: "", JSR_URL: "http://127.0.0.1:9/" };
  const auto = await runChild(choose("auto"), { flags, env }) as Choice;
  assertEquals(auto.name, "builtin");
  assertStringIncludes(auto.reason!, "jsr:@db/sqlite@0.13.0 is not cached");
  const { error } = await runChild(choose("ffi"), { flags, env }) as Choice;
  assertStringIncludes(error!, "missing.ts");
  assertStringIncludes(error!, "make jsr:@db/sqlite reachable");
  assertStringIncludes(error!, 'or use driver "builtin"');
});

const hasScript = Deno.build.os === "linux" && await isInstalled("script");
if (!hasScript) {
  console.log("That no prompt is shown at a terminal is not tested: no util-linux script");
}

/**
 * Runs a script at a pseudo-terminal, without permissions and without `--no-prompt`, and returns what it
 * shows until it ends or asks for a permission, which no user would grant.
 */
async function runAtTerminal(source: string): Promise<string> {
  using folder = tempFolder();
  const file = folder.file("main.ts");
  await Deno.writeTextFile(file, source);
  const config = decodeURIComponent(new URL("deno.json", ROOT).pathname);
  const command = `"${Deno.execPath()}" run --no-lock --cached-only --config "${config}" "${file}"`;
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let shown = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    if (!shown.includes("Deno requests")) continue;
    child.kill("SIGKILL");
    break;
  }
  await child.status;
  return shown;
}

Deno.test({
  name: "chooseDriver() never asks for a permission",
  ignore: !hasScript,
  fn: async () => {
    const terminal = "console.log('terminal', Deno.stdin.isTerminal());";
    const output = await runAtTerminal(terminal + choose("auto"));
    assertStringIncludes(output, "terminal true");
    assertStringIncludes(output, '{"name":"builtin","reason":"--allow-env=');
    assert(!output.includes("Deno requests"), output);
    // The same terminal does show the prompt of a program that asks.
    const asking = await runAtTerminal(`${terminal} Deno.env.get("HOME");`);
    assertStringIncludes(asking, "Deno requests");
  },
});
