/**
 * README is short, and its links lead somewhere, as do those of the pages in `docs/`.
 *
 * @module
 */
import { drawPlots } from "../../bench/page/plots.ts";
import { readResults } from "../../bench/page/results.ts";
import { fillPage } from "../../bench/page/write.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";

const DOCS = new URL("docs/", ROOT);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));

/** Lines that a newcomer reads in five minutes. */
const MOST_LINES = 150;

Deno.test("README has at most 150 lines", () => {
  const lines = readme.trimEnd().split("\n").length;
  assert(lines <= MOST_LINES, `${lines} lines; tables belong to docs/reference/`);
});

Deno.test("README names the tasks that a newcomer runs, CONTRIBUTING all of them", async () => {
  const contributing = await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT));
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const task of Object.keys(tasks)) {
    assert(contributing.includes(`deno task ${task}`), `deno task ${task}`);
    if (/^(demo|test$)/.test(task)) assert(readme.includes(`deno task ${task}`), task);
  }
});

/** Every page of README and `docs/`. */
function* listPages(folder: URL = DOCS): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* listPages(new URL(`${name}/`, folder));
    else if (name.endsWith(".md")) yield new URL(name, folder);
  }
}

const PAGES = [
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md"].map((path) =>
    new URL(path, ROOT)
  ),
  ...listPages(),
];

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("links of README and all pages lead to files and headings that exist", async () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    const text = await Deno.readTextFile(page);
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const url = new URL(target!, page);
      const anchor = url.hash.slice(1);
      url.hash = "";
      const found = await Deno.stat(url).catch(() => undefined);
      const isThere = found !== undefined &&
        (anchor === "" || anchorsOf(await Deno.readTextFile(url)).includes(anchor));
      if (!isThere) broken.push(`${page.href.slice(ROOT.href.length)}: ${target}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("README links every guide", () => {
  for (const { name } of Deno.readDirSync(new URL("guides/", DOCS))) {
    assert(readme.includes(`(docs/guides/${name})`), name);
  }
});

Deno.test("no page asks its reader to grant everything", async () => {
  for (const page of PAGES) {
    assert(!/(^|\s)(-A|--allow-all)\b/m.test(await Deno.readTextFile(page)), page.pathname);
  }
});

Deno.test("a decision record has its context, choice, what was rejected, and its consequence", async () => {
  for (const { name } of Deno.readDirSync(new URL("decisions/", DOCS))) {
    const text = await Deno.readTextFile(new URL(`decisions/${name}`, DOCS));
    for (const part of ["Context", "Choice", "Rejected", "Consequence"]) {
      assert(new RegExp(`^(## |\\*\\*)${part}`, "m").test(text), `${name} lacks ${part}`);
    }
  }
});

Deno.test("CHANGELOG has the sections of Keep a Changelog", async () => {
  const text = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  const sections = [...text.matchAll(/^### (.+)$/gm)].map(([, title]) => title!);
  const known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
  assertEquals(sections.filter((title) => !known.includes(title)), []);
  assert(/^## Unreleased$/m.test(text));
});

Deno.test("the tables and plots of the benchmarks are those of the figures that are kept", async () => {
  const results = readResults();
  const page = await Deno.readTextFile(new URL("bench/README.md", ROOT));
  assert(fillPage(page, results) === page, "bench/README.md is stale: run deno task bench --page");
  for (const [name, plot] of drawPlots(results)) {
    const written = await Deno.readTextFile(new URL(`bench/plots/${name}`, ROOT));
    assert(written === plot, `bench/plots/${name} is stale: run deno task bench --page`);
    assert(page.includes(`(plots/${name})`), `bench/README.md does not show plots/${name}`);
  }
});
