/**
 * Every example of the documentation runs as it stands, in pages and in the comments of sources. `deno test --doc` would
 * start an isolate for each, which takes three times as long; `deno task static` checks their types with it.
 *
 * @module
 */
import { assert } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

/** Folders with no documentation of the package. */
const SKIPPED = new Set([".git", "html", "node_modules", "tests"]);

/** A block of TypeScript: what stands before each of its lines, the words after its language, and its lines. */
const BLOCK = /^([ *]*)```(?:ts|typescript)\b(.*)\n([\s\S]*?)^\1```$/gm;

/** Pages and sources below a folder of the repository. */
function* listDocumented(folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory && !SKIPPED.has(name)) yield* listDocumented(`${folder}${name}/`);
    else if (/\.(md|tsx?)$/.test(name)) yield `${folder}${name}`;
  }
}

/** The blocks of a file that run, each with its first line and below as many empty lines as that follows. */
function* listExamples(path: string): Generator<[line: number, text: string]> {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  for (const { index, 1: margin = "", 2: words = "", 3: block = "" } of text.matchAll(BLOCK)) {
    if (words.trim().split(" ")[0] === "ignore") continue;
    assert(words.trim() === "", `${path} has a block with the words${words}`);
    const above = text.slice(0, index).split("\n").length;
    const lines = block.split("\n").map((line) => line.slice(margin.length));
    yield [above + 1, "\n".repeat(above) + lines.join("\n")];
  }
}

const folder = tempFolder();
addEventListener("unload", () => folder[Symbol.dispose]());

for (const path of listDocumented()) {
  for (const [line, text] of listExamples(path)) {
    const file = folder.file(`${path.replaceAll("/", "+")}_${line}.ts`);
    Deno.writeTextFileSync(file, text);
    const run = () => import(`file://${file}`);
    // An example of a test registers it.
    if (/^Deno\.test\(/m.test(text)) await run();
    else Deno.test(`example ${path}:${line}`, async () => void await run());
  }
}
