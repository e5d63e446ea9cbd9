/**
 * What the tasks of a run checked, as text.
 *
 * @module
 */
import type { Check, RunChecks } from "../../dashboard/api.ts";
import { formatCount } from "../../internal/units.ts";
import type { Colorize } from "../terminal/colors.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { type Cell, drawTable } from "../terminal/table.ts";

/** Checks that did not pass, of which each gets a line. */
const LINES = 5;

/** Their numbers. */
export function countsOfChecks({ passed, failed, warned }: RunChecks): Cell {
  const parts = [
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(warned > 0 ? [`${formatCount(warned)} warned`] : []),
    `${formatCount(passed)} passed`,
  ];
  const style = failed > 0 ? "red" : warned > 0 ? "yellow" : undefined;
  return { text: `checks: ${parts.join(", ")}`, style };
}

/** A line for each of the first that did not pass. */
export function drawChecks(
  checks: RunChecks | undefined,
  surface: { width: number; paint: Colorize },
): string[] {
  const failing = checks?.checks.filter(({ passed }) => !passed).slice(0, LINES) ?? [];
  if (failing.length === 0) return [];
  const left = checks!.failed + checks!.warned - failing.length;
  return [
    ...drawTable(
      [{}, { max: 40, min: 8 }, { max: 40, min: 8 }, { min: 0 }],
      failing.map(toCells),
      surface,
    ),
    ...(left > 0 ? [surface.paint("dim", `… ${formatCount(left)} more checks did not pass`)] : []),
  ];
}

function toCells({ name, task, severity, value, expected }: Check): Cell[] {
  const isWarning = severity === "warn";
  const why = [
    ...(expected === null ? [] : [`expected ${expected}`]),
    ...(value === null ? [] : [`got ${value}`]),
  ].join(", ");
  return [
    { text: isWarning ? "! check" : "✗ check", style: isWarning ? "yellow" : "red" },
    { text: sanitize(name) },
    { text: sanitize(task), style: "dim" },
    { text: sanitize(why), style: "dim" },
  ];
}
