/**
 * `pipeloom run FILE:FUNCTION`: a function that a module exports, over items from words, files and the standard input.
 *
 * @module
 */
import { readLines } from "../../cli/items/lines.ts";
import { readItems } from "../../cli/items/read_items.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { commandLine, runCli } from "./cli_terminal.ts";

const MOD = new URL("../../mod.ts", import.meta.url).href;

/** What the tests run. A result shows what a task was given. */
const MODULE = `
  import { definePipeline } from "${MOD}";
  export const give = (item, task) => {
    task.log("given " + JSON.stringify(item));
    return { item, args: task.args };
  };
  export const strict = ({ n }) => {
    if (n === "2") throw new Error("two is refused");
  };
  export default (item) => item;
  export const second = definePipeline({ items: ["x"], run: (item) => item });
  export const number = 3;
  export class Loader {}`;

/** A folder with the module and these files. */
function folderWith(files: Record<string, string | Uint8Array> = {}) {
  const folder = tempFolder();
  Deno.writeTextFileSync(folder.file("it.ts"), MODULE);
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === "string") Deno.writeTextFileSync(folder.file(name), content);
    else Deno.writeFileSync(folder.file(name), content);
  }
  return folder;
}

/** Keys and items of all tasks of a database. */
async function given(db: string): Promise<[unknown, unknown][]> {
  const rows = await readValues(db, "SELECT key, result FROM task_runs ORDER BY id");
  return rows.map(([key, result]) => [key, JSON.parse(`${result}`).item]);
}

Deno.test("run runs a function over items from words and over the arguments of the run", async () => {
  using folder = folderWith();
  const items = ["--item", "oslo", "--item", ":=3", "--item", ':={"key":"k","n":1}'];
  const args = ["run", "it.ts:give", ...items, "--arg", "n:=3", "--arg", "day=today", "-w", "2"];
  const { code, out, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0, err);
  assertMatch(out, /^it:give · done · 3 tasks · .+\npipeloom\.db · run 1\n$/);
  const db = folder.file("pipeloom.db");
  assertEquals(await given(db), [["oslo", "oslo"], ["3", 3], ["k", { key: "k", n: 1 }]]);
  const stored = "SELECT DISTINCT json_extract(result, '$.args') FROM task_runs";
  assertEquals(await readValues(db, stored), [['{"n":3,"day":"today"}']]);
  const whole = await runCli(["run", "it.ts:default", "--item", "a"], { folder: folder.path });
  assertMatch(whole.out, /^it · done · 1 task/, whole.err);
});

const TABLE = [{ id: "1", city: "Oslo" }, { id: "2", city: 'Ber,"\ngen' }];

for (
  const [file, content, items] of [
    ["a.csv", '\ufeffid,city\r\n1,Oslo\r\n\r\n2,"Ber,""\ngen"', TABLE],
    ["a.TSV", 'id\tcity\n1\tOslo\n2\t"Ber,""\ngen"\n', TABLE],
    ["a.jsonl", '\ufeff{"key":"a"}\r\n\n[1]\n"x"\n3', [{ key: "a" }, [1], "x", 3]],
    ["a", '{"id":7}\n', [{ id: 7 }]],
    ["a.json", "[\n1,\n2]", [1, 2]],
    ["a.txt", "one\r\n\n two \n", ["one", " two "]],
    ["empty.csv", "", []],
  ] as const
) {
  Deno.test(`readItems() reads ${file}`, async () => {
    using folder = folderWith({ [file]: content });
    const read = await Array.fromAsync(await readItems({ file: folder.file(file) }));
    assertEquals(read, [...items]);
  });
}

for (
  const [what, file, content, before, expected] of [
    ["a JSON line", "a.jsonl", "1\n\n{n:2}\n3", 1, "line 3 is not JSON: "],
    ["a JSON text", "a.json", "[1,", 0, "it is not JSON: "],
    [
      "JSON that is not an array",
      "a.json",
      '{"n":1}',
      0,
      "it is not a JSON array; try --format jsonl",
    ],
    ["a short row", "a.csv", "a,b\n1,2\n3,4\n5\n6,7\n", 2, "line 4: Invalid Record Length: "],
    ["an open quote", "a.csv", 'a,b\n1,2\n"3,4\n', 1, "line 3: Quote Not Closed: "],
    ["two columns of one name", "a.csv", "a,a\n1,2\n", 0, "line 1: two columns are named a"],
    ["a column without a name", "a.csv", "a,\n1,2\n", 0, "line 1: column 2 has no name"],
    ["Latin-1", "a.txt", new Uint8Array([97, 10, 230, 10]), 1, "line 2 is not UTF-8 text"],
  ] as const
) {
  Deno.test(`readItems() yields what stands before ${what}, and names the line`, async () => {
    using folder = folderWith({ [file]: content });
    const path = folder.file(file);
    const read = await readItems({ file: path });
    let items = 0;
    const { message } = await (async () => {
      for await (const _ of read) items++;
      return new Error("It was read");
    })().catch((error: Error) => error);
    assertStringIncludes(message, `Cannot read the items of ${path}: ${expected}`);
    assertEquals(items, before);
  });
}

Deno.test("run runs the items before a line that cannot be read, and names it", async () => {
  using folder = folderWith({ "a.csv": "id,b\n1,2\n3,4\n5\n6,7\n" });
  const args = ["run", "it.ts:give", "--items", "a.csv", "--json"];
  const { code, out, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(err, /^error: Cannot read the items of a\.csv: line 4: Invalid Record Length: /m);
  const { status, counts, reason } = JSON.parse(out);
  assertEquals([status, counts.done], ["error", 2]);
  assertStringIncludes(reason, "line 4");
  const items = [["1", { id: "1", b: "2" }], ["3", { id: "3", b: "4" }]];
  assertEquals(await given(folder.file("pipeloom.db")), items as [string, unknown][]);
});

for (
  const [args, code, expected] of [
    [["it.ts:giv", "--item", "a"], 1, "Loader, default, give, number, second, strict, and no giv"],
    [["it.ts:number", "--item", "a"], 1, "number is a number, not a function or a pipeline"],
    [["it.ts:Loader", "--item", "a"], 1, "Loader is a class, not a function or a pipeline"],
    [["it.ts:give"], 2, "it needs items; pass --item <text>, or --items <file>"],
    [["it.ts"], 1, "a function over items: it.ts:default --item <text>"],
    [["it.ts:second", "--item", "a"], 2, "with --item: it is a pipeline, which has items"],
    [["it.ts:give", "--items", "gone.csv"], 1, "of gone.csv: there is no such file"],
    [["it.ts:give", "--items", "."], 1, "of .: it is a folder; name a file"],
    [["it.ts:give", "--item", ":=x"], 2, "Write JSON after :=, such as :=3"],
    [["it.ts:give", "--item", "a", "--key", "day"], 1, "Cannot take day for the key of item 0"],
    [["gone.ts:give", "--item", "a"], 1, "Cannot run gone.ts: there is no such file"],
  ] as const
) {
  Deno.test(`run ${args.join(" ")} is one message`, async () => {
    using folder = folderWith();
    const ended = await runCli(["run", ...args, "--json"], { folder: folder.path });
    assertEquals(ended.code, code);
    assertStringIncludes(ended.err, expected);
    assert(!/\n {4}at /.test(ended.err), ended.err);
  });
}

Deno.test("run of a pipeline that a module exports by name", async () => {
  using folder = folderWith();
  const { out } = await runCli(["run", "it.ts:second"], { folder: folder.path });
  assertMatch(out, /^it:second · done · 1 task/);
  const { code, err } = await runCli(["schedule", "it.ts:give"], { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(err, /Cannot run it\.ts:give: it is a function, not a pipeline/);
});

Deno.test("a function runs in Workers, and is resumed by the key that a field has", async () => {
  using folder = folderWith({ "a.csv": "n\n1\n2\n3\n" });
  const args = ["run", "it.ts:strict", "--items", "a.csv", "--key", "n", "--pool", "-w", "1"];
  const first = await runCli(args, { folder: folder.path });
  assertMatch(first.out, /^it:strict · error · 3 tasks · done 2 · error 1/, first.err);
  Deno.writeTextFileSync(folder.file("it.ts"), MODULE.replace('n === "2"', "n === null"));
  const again = await runCli([...args, "--resume"], { folder: folder.path });
  assertMatch(again.out, /^it:strict · done · 3 tasks .+\npipeloom\.db · run 1\n$/, again.err);
});

Deno.test("a package that the command line does not know is named with the line that works, by Workers, too", async () => {
  const pool = `
    import { definePipeline } from "${MOD}";
    const module = new URL("./parts.ts", import.meta.url);
    export default definePipeline({ items: ["a"], run: { module, export: "load" } });`;
  using folder = folderWith({
    "parts.ts": `import "no-package-of-ours"; export const load = () => {};`,
    "my pool.ts": pool,
  });
  const options = { folder: folder.path };
  const workers = await runCli(["run", "my pool.ts"], options);
  const here = await runCli(["schedule", "parts.ts"], options);
  const line = /In the folder of its deno\.json, with "links": \["\/.+"\] in it: deno run -R -W /;
  assertMatch(workers.err, line);
  assertMatch(workers.err, / jsr:@pipeloom\/pipeloom\/cli run 'my pool\.ts'\n$/);
  assertMatch(here.err, line);
  assertMatch(here.err, / jsr:@pipeloom\/pipeloom\/cli schedule parts\.ts\n$/);
});

Deno.test("items of the standard input are run as they come", async () => {
  using folder = folderWith();
  const words = commandLine(["run", "it.ts:give", "--item", "first", "--items", "-"], {
    folder: folder.path,
  });
  await using child = new Deno.Command(words[0]!, {
    args: words.slice(1),
    cwd: folder.path,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const lines = readLines(child.stderr);
  const next = async () => (await lines.next()).value;
  assertEquals(await next(), 'first: given "first"');
  await input.write(new TextEncoder().encode('{"key":"sec'));
  await input.write(new TextEncoder().encode('ond"}\n'));
  assertEquals(await next(), 'second: given {"key":"second"}');
  await input.write(new TextEncoder().encode('"third"'));
  await input.close();
  assertEquals(await next(), 'third: given "third"');
  assertMatch(await new Response(child.stdout).text(), /^it:give · done · 3 tasks/);
  assertEquals([(await child.status).code, await next()], [0, undefined]);
});

Deno.test("readLines() yields lines whatever the chunks", async () => {
  const bytes = new TextEncoder().encode("\ufeffå\r\n\n\ufeffb\nc");
  for (const size of [1, 2, 3, 100]) {
    const chunks = [];
    for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.slice(i, i + size));
    const lines = await Array.fromAsync(readLines(ReadableStream.from(chunks)));
    assertEquals(lines, ["å\r", "", "\ufeffb", "c"]);
  }
});
