/**
 * Figures as Markdown tables, laid out as `deno fmt` does.
 *
 * @module
 */
import { isMet, type Measurement, ratioOf } from "../measure.ts";

/** The table of some figures: a row for each, or where they have cases, one for each name with a column for each case. */
export function tableOf(measurements: readonly Measurement[]): string {
  const cases = [...new Set(measurements.flatMap(({ at }) => at ?? []))];
  return cases.length === 0 ? plainTable(measurements) : tableOfCases(measurements, cases);
}

function plainTable(measurements: readonly Measurement[]): string {
  const hasBaseline = measurements.some(({ baseline }) => baseline);
  const hasTarget = measurements.some((one) => isMet(one) !== undefined);
  return layOut([
    ["What", "pipeloom", ...(hasBaseline ? ["Baseline", "Ratio"] : []), ...target("Target")],
    ...measurements.map((one) => [
      one.name,
      figure(one.value, one.unit),
      ...(hasBaseline ? [baselineOf(one), ratioText(one)] : []),
      ...target(targetOf([one])),
    ]),
  ]);

  function target(text: string): string[] {
    return hasTarget ? [text] : [];
  }
}

function tableOfCases(measurements: readonly Measurement[], cases: readonly string[]): string {
  const rows = Map.groupBy(measurements, ({ name }) => name);
  const all = [...rows.values()].map((row) => [
    row[0]!.name,
    ...cases.map((at) => {
      const one = row.find((one) => one.at === at);
      return one ? figure(one.value, one.unit) : "";
    }),
    baselineOf(row.find(({ baseline }) => baseline)),
    targetOf(row, " of the baseline"),
  ]);
  const columns = ["What", ...cases, "Baseline", "Target"];
  // Columns that are empty are left out.
  const used = columns.map((_, n) => n === 0 || all.some((row) => row[n] !== ""));
  return layOut([columns, ...all].map((row) => row.filter((_, n) => used[n])));
}

function baselineOf(one: Measurement | undefined): string {
  if (!one?.baseline) return "";
  const { baseline: { name, value }, unit } = one;
  return `${figure(value, unit)} (${name})`;
}

function ratioText(one: Measurement): string {
  if (!one.baseline) return "";
  const [low, high] = one.quartiles ?? [];
  const spread = one.quartiles ? ` (${number(low!)} to ${number(high!)})` : "";
  return `${number(ratioOf(one))}${spread}`;
}

/** The target of a row, and whether every figure meets it. */
function targetOf(row: readonly Measurement[], ofWhat = ""): string {
  const aimed = row.filter((one) => isMet(one) !== undefined);
  const [first] = aimed;
  if (!first) return "";
  const isOfRatio = first.baseline !== undefined;
  const limit = first.atLeast ?? first.atMost!;
  const text = `at ${first.atLeast === undefined ? "most" : "least"} ${
    isOfRatio ? `${limit.toLocaleString("en")}${ofWhat}` : figure(limit, first.unit)
  }`;
  return `${text}: ${aimed.every(isMet) ? "met" : "**missed**"}`;
}

/** A number with its unit. */
export function figure(value: number, unit: string): string {
  return `${number(value)}${unit && ` ${unit}`}`;
}

/** Three digits, or all before the point. */
export function number(value: number): string {
  if (Math.abs(value) >= 99.95) return Math.round(value).toLocaleString("en");
  const text = value.toFixed(Math.abs(value) >= 9.995 ? 1 : 2);
  return text.includes(".") && Number(text) === Math.round(Number(text)) && value >= 10
    ? text.replace(/\.0$/, "")
    : text;
}

/** Rows as a table; the first is its heading. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, n) => Math.max(3, ...rows.map((row) => [...row[n]!].length)));
  const line = (cells: readonly string[], fill: string) =>
    `| ${cells.map((cell, n) => cell + fill.repeat(widths[n]! - [...cell].length)).join(" | ")} |`;
  const [heading, ...body] = rows.map((row) => line(row, " "));
  return [heading, line(rows[0]!.map(() => ""), "-"), ...body].join("\n");
}
