import { assertEquals } from "../support/assert.ts";

/** Words that hide who does what, and phrases that no native technical writer uses. */
const BANNED = [
  "whoever",
  "somebody",
  "nobody",
  "anybody",
  "anew",
  "in vain",
  "goes on",
  "go on",
  "going on",
  "looks on",
  "look on",
  "under way",
  "of no use",
  "so many",
  "of late",
];
const PATTERN = new RegExp(`\\b(${BANNED.join("|")})\\b`, "i");

const ROOT = new URL("../../", import.meta.url);

/** Texts that people read; decisions are as they were written, the bundled page is as its sources. */
async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", ROOT))) {
    const path = `${folder}${name}`;
    if (/^\.|^node_modules$|^CHANGELOG|\.gen\.ts$/.test(name)) continue;
    if (isDirectory && path !== "tests" && path !== "docs/decisions") yield* filesIn(`${path}/`);
    else if (/\.(tsx?|md)$/.test(name)) yield path;
  }
}

Deno.test("sources, help and guides are in plain technical English", async () => {
  const found: string[] = [];
  for await (const path of filesIn("")) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    text.split("\n").forEach((line, i) => {
      if (PATTERN.test(line)) found.push(`${path}:${i + 1}: ${line.trim()}`);
    });
  }
  assertEquals(found, []);
});
