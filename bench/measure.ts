/**
 * What every benchmark shares: rounds that alternate between the candidate and its baseline, medians, and
 * the line that is printed.
 *
 * @module
 */

/** One figure against its baseline, both measured in this run. */
export interface Measurement {
  /** What was measured. */
  name: string;
  /** The candidate's figure; more is better unless `atMost` is given. */
  value: number;
  unit: string;
  /** What it is compared with. */
  baseline?: { name: string; value: number };
  /** The ratio (or with no baseline the value) that is wanted at least. */
  atLeast?: number;
  /** The ratio (or with no baseline the value) that is allowed at most. */
  atMost?: number;
}

/** A benchmark: `scale` is 1 for figures to publish, and smaller to see that it still runs. */
export type Benchmark = (scale: number) => Promise<Measurement[]>;

/** The middle of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Runs several bodies in turn, some rounds long, and returns the median of what each returned. */
export async function alternate<K extends string>(
  rounds: number,
  bodies: Record<K, () => number | Promise<number>>,
): Promise<Record<K, number>> {
  const figures = new Map<K, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(bodies) as K[]) {
      figures.set(name, [...figures.get(name) ?? [], await bodies[name]()]);
    }
  }
  return Object.fromEntries([...figures].map(([name, list]) => [name, median(list)])) as Record<
    K,
    number
  >;
}

/** A new database file for each call, removed with the folder. */
export function benchFolder(): Disposable & { file(): string } {
  const folder = Deno.makeTempDirSync({ prefix: "pipeloom_bench_" });
  let count = 0;
  return {
    file: () => `${folder}/${count++}.db`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** One line of the table; shows whether the target is met. */
export function format(m: Measurement): string {
  const ratio = m.baseline ? m.value / m.baseline.value : m.value;
  const met = ratio >= (m.atLeast ?? -Infinity) && ratio <= (m.atMost ?? Infinity);
  const target = m.atLeast !== undefined
    ? `at least ${m.atLeast}`
    : m.atMost !== undefined
    ? `at most ${m.atMost}`
    : "";
  return "| " + [
    m.name,
    `${number(m.value)} ${m.unit}`,
    m.baseline ? `${number(m.baseline.value)} ${m.unit} (${m.baseline.name})` : "",
    m.baseline ? ratio.toFixed(2) : "",
    target && `${target}: ${met ? "met" : "**missed**"}`,
  ].join(" | ") + " |";
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}
