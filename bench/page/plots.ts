/**
 * The plots of `README.md`, from the figures that are kept.
 *
 * @module
 */
import { SECTIONS } from "../benchmarks.ts";
import { type Measurement, ratioOf } from "../measure.ts";
import type { Results } from "./results.ts";
import { bars, type Line, lines } from "./svg.ts";
import { figure, number } from "./tables.ts";

/** Each plot by its file's name; one whose figures were not measured yet is left out. */
export function drawPlots(results: Results): Map<string, string> {
  const of = (...names: string[]) => names.flatMap((name) => results[name]?.measurements ?? []);
  const all = [
    ["speed.svg", ratios(of(...SECTIONS.speed!))],
    ["peers.svg", rates(of("peers"))],
    [
      "scale_tasks.svg",
      overSizes("Milliseconds of the processor, by tasks in the file", of("scaleTasks"), " tasks"),
    ],
    [
      "scale_runs.svg",
      overSizes("Milliseconds of the processor, by runs in the file", of("scaleRuns"), " runs"),
    ],
    [
      "dashboard.svg",
      overSizes(
        "Milliseconds to an answer, by tasks in the file",
        of("dashboardLatency"),
        " tasks",
      ),
    ],
  ] as const;
  return new Map(all.flatMap(([name, plot]) => plot === undefined ? [] : [[name, plot]]));
}

/** Ratios of which more is better, with their targets. */
function ratios(measurements: readonly Measurement[]): string | undefined {
  const list = measurements.filter(({ baseline, atMost }) => baseline && atMost === undefined);
  if (list.length === 0) return;
  return bars(
    "pipeloom as a multiple of its baseline (mark: target)",
    list.map((one) => ({
      label: shorten(`${one.name} / ${one.baseline!.name}`),
      value: ratioOf(one),
      text: `${number(ratioOf(one))}×`,
      mark: one.atLeast,
    })),
  );
}

function rates(measurements: readonly Measurement[]): string | undefined {
  const list = measurements.filter(({ unit, baseline }) => unit === "tasks/s" && !baseline);
  if (list.length === 0) return;
  return bars(
    "Tasks a second that do nothing, in a fresh process",
    list.map(({ name, value, unit }) => ({
      label: shorten(name),
      value,
      text: figure(value, unit),
      isOther: !name.startsWith("pipeloom"),
    })),
  );
}

/** Figures whose cases are sizes, such as "10,000 tasks". */
function overSizes(
  title: string,
  measurements: readonly Measurement[],
  what: string,
): string | undefined {
  const list = measurements.filter(({ at, unit }) => at?.endsWith(what) && unit === "ms");
  const drawn = [...Map.groupBy(list, ({ name }) => name)].map(([label, row]): Line => ({
    label,
    // A clock shows nothing shorter.
    points: row.map(({ at, value }) => [sizeOf(at!), Math.max(value, 0.01)]),
  }));
  return drawn.length === 0 ? undefined : lines(title, drawn, "ms");
}

function sizeOf(at: string): number {
  return Number(at.replaceAll(/[^\d]/g, ""));
}

function shorten(label: string): string {
  return label.length > 52 ? `${label.slice(0, 51)}…` : label;
}
