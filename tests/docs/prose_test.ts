/**
 * Plain technical English in everything that people read: sources, tests with their names, help, errors, Markdown.
 * There is no list of exceptions.
 *
 * @module
 */
import { assert, assertEquals } from "../support/assert.ts";

/** Words that hide who does what, and phrases that no native technical writer uses; parts of patterns. */
const BANNED = [
  // The subject is concrete: the writer, a task, the caller.
  "whoever",
  "(?:some|no|any|every)(?:body|one)",
  "no one",
  // A program continues, is observed, reports and receives; it has neither mouth nor ears.
  "(?:tell|tells|told|telling|untold|hear|hears|heard|hearing|unheard)",
  "(?:say|says|said|saying|speak|speaks|spoke|spoken|speaking)",
  "(?:go|goes|going|went|gone) on",
  "(?:look|looks|looked|looking) on",
  "in vain",
  "anew",
  "a must",
  "so many",
  "of late(?!\\.\\w)",
  "under way",
  "of no use",
  "that (?:is|are) none",
  // Clauses without a head.
  "what (?:is|was|are|were) (?:asked|there)",
  "what there (?:is|was)",
  "whose thread",
  "what (?:is|was) left",
  // Plain predicates: "is not a function", "the run is stopped", "is fixed".
  "(?:is|are|was|were) to (?:be|do|have|run|stop|begin|end|wait|come)",
  "(?<!there )(?:is|are) no (?:function|object|array|text|number|time|error|database|file|key|task|run|id)s?",
  "mends?",
  "whom",
];
const PATTERN = new RegExp(`\\b(?:${BANNED.join("|")})\\b`, "i");

/** Words of a sentence, on average over a file. */
const MOST_WORDS = 25;

/** Sentences below which an average has no meaning. */
const FEWEST_SENTENCES = 5;

const ROOT = new URL("../../", import.meta.url);

/** This file holds the list. */
const SELF = "tests/docs/prose_test.ts";

/** Texts that people read; the bundled page is as its sources. */
function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder || ".", ROOT))) {
    const path = `${folder}${name}`;
    if (/^\.(?!github)|^node_modules$|\.gen\.ts$/.test(name) || path === SELF) continue;
    if (isDirectory) yield* filesIn(`${path}/`);
    else if (path === "deno.json" || /\.(tsx?|css|md|in|ya?ml)$/.test(name)) yield path;
  }
}

const texts = new Map(
  [...filesIn("")].map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
);

/** The prose of a Markdown page: paragraphs, items and cells, each ended. */
function proseOf(markdown: string): string {
  return markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "")
    .replaceAll(/^#.*$|^\|[ -|]*\|$/gm, "")
    .replaceAll(/\|/g, ".\n\n")
    .replaceAll(/^\s*(?:[-*]|\d+\.) /gm, "\n\n");
}

/** The comments of a source, each ended. */
function commentsOf(source: string): string {
  const comments: string[] = [];
  for (const [, block, line] of source.matchAll(/\/\*\*([\s\S]*?)\*\/|((?:^ *\/\/ .*\n)+)/gm)) {
    const text = (block ?? line!).replaceAll(/^ *(?:\*|\/\/) ?/gm, "");
    comments.push(proseOf(text.replaceAll(/^ *@\w+.*$/gm, "\n\n")));
  }
  return comments.join("\n\n");
}

/** Sentences by their number of words. A text in code is one word. */
function sentenceLengths(prose: string): number[] {
  return prose.replaceAll(/`[^`]*`|\]\([^)]*\)/g, "code")
    .split(/(?<=[.!?])["')]*\s+(?=["'(*[]*[A-Z\d`])|\n\s*\n/)
    .map((sentence) => sentence.match(/[\p{L}\d][\p{L}\d'’.,-]*/gu)?.length ?? 0)
    .filter((words) => words > 2);
}

Deno.test("sources, tests, help and Markdown are in plain technical English", () => {
  const found: string[] = [];
  for (const [path, text] of texts) {
    text.split("\n").forEach((line, i) => {
      if (PATTERN.test(line)) found.push(`${path}:${i + 1}: ${line.trim()}`);
    });
  }
  assertEquals(found, []);
});

Deno.test("members in the reference are described by noun phrases, not by headless clauses", () => {
  const found: string[] = [];
  for (const [path, text] of texts) {
    if (!path.startsWith("docs/reference/")) continue;
    // The last cell of a row with a name and a type.
    for (const [row] of text.matchAll(/^\| `.*\| What .*$/gm)) found.push(`${path}: ${row}`);
  }
  assertEquals(found, []);
});

Deno.test("a sentence has 25 words at most, on average over each file", () => {
  const found: string[] = [];
  for (const [path, text] of texts) {
    const lengths = sentenceLengths(/\.(md|in)$/.test(path) ? proseOf(text) : commentsOf(text));
    const average = lengths.reduce((sum, words) => sum + words, 0) / lengths.length;
    if (lengths.length >= FEWEST_SENTENCES && average > MOST_WORDS) {
      found.push(`${path}: ${average.toFixed(1)} words`);
    }
  }
  assertEquals(found, []);
});

Deno.test("the checks find a headless clause, and a file of long sentences", () => {
  for (
    const text of [
      "What is asked",
      "and so on, whoever it is",
      "it goes on",
      "rows that are none",
      "as told",
    ]
  ) {
    assert(PATTERN.test(text), text);
  }
  assert(!PATTERN.test("somebodyElse = heard_at; none is there"));
  const long = `${"word ".repeat(29)}end. `;
  assertEquals(
    sentenceLengths(proseOf(`# Title\n\n${long}${"Two more words. "}\n\n- an item of five words`)),
    [30, 3, 5],
  );
  assertEquals(
    sentenceLengths(commentsOf(`/** Some words here. */\nconst x = 1;\n// More words follow.\n`)),
    [3, 3],
  );
});
