/**
 * Writes the tables of `README.md` and the plots from the figures that are kept. A table stands between two comments of
 * its section's name; everything else on the page is written by people.
 *
 * @module
 */
import { SECTIONS } from "../benchmarks.ts";
import { drawPlots } from "./plots.ts";
import { readResults, type Results } from "./results.ts";
import { tableOf } from "./tables.ts";

const PAGE = new URL("../README.md", import.meta.url);
const PLOTS = new URL("../plots/", import.meta.url);

/** Characters of a line, as in `deno.json`. */
const LINE_WIDTH = 100;

/** Writes the page and its plots. */
export function writePage(): void {
  const results = readResults();
  Deno.writeTextFileSync(PAGE, fillPage(Deno.readTextFileSync(PAGE), results));
  Deno.mkdirSync(PLOTS, { recursive: true });
  for (const [name, plot] of drawPlots(results)) Deno.writeTextFileSync(new URL(name, PLOTS), plot);
}

/** The page with the tables of these figures. */
export function fillPage(page: string, results: Results): string {
  return page.replaceAll(
    /(<!-- bench:(\w+) -->\n)[\s\S]*?(<!-- bench end -->)/g,
    (_, begin: string, section: string, end: string) =>
      `${begin}\n${tablesOf(section, results)}\n\n${end}`,
  );
}

/** The tables of a section or of a benchmark, each with where and when it was measured. */
function tablesOf(name: string, results: Results): string {
  const found = (SECTIONS[name] ?? [name]).flatMap((one) => results[one] ?? []);
  if (found.length === 0) return "_Not measured yet._";
  // Figures without cases share one table; of the others each benchmark has its own.
  const hasCases = ({ measurements }: (typeof found)[number]) =>
    measurements.some(({ at }) => at !== undefined);
  const shared = found.filter((one) => !hasCases(one)).flatMap(({ measurements }) => measurements);
  const tables = [
    ...(shared.length > 0 ? [shared] : []),
    ...found.filter(hasCases).map(({ measurements }) => measurements),
  ];
  const dates = [...new Set(found.map(({ date }) => date))].sort();
  const unique = (of: (one: (typeof found)[number]) => string) =>
    [...new Set(found.map(of))].join(" and ");
  const when = dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : dates[0];
  return [
    wrap(
      `${when}, Deno ${unique(({ deno }) => deno)}, SQLite ${unique(({ sqlite }) => sqlite)}, ${
        unique(({ machine }) => machine)
      }.`,
    ),
    ...tables.map(tableOf),
  ].join("\n\n");
}

/** A paragraph in lines, as `deno fmt` lays it out. */
function wrap(paragraph: string): string {
  const lines = [""];
  for (const word of paragraph.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length <= LINE_WIDTH) lines.splice(-1, 1, line);
    else lines.push(word);
  }
  return lines.join("\n");
}
