/**
 * What every benchmark shares: its figures, rounds that alternate between the candidate and its baseline, medians, and
 * new files.
 *
 * @module
 */
import process from "node:process";

/** One figure against its baseline, both measured in this run. */
export interface Measurement {
  /** What was measured. */
  name: string;
  /** The case, where the same is measured in several: figures of one name are one row, with a column for each case. */
  at?: string;
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

/** What is compared with the target: the ratio to the baseline, or the value where there is none. */
export function ratioOf({ value, baseline }: Measurement): number {
  return baseline ? value / baseline.value : value;
}

/** Whether the target is met; `undefined` where there is none. */
export function isMet(measurement: Measurement): boolean | undefined {
  const { atLeast, atMost } = measurement;
  if (atLeast === undefined && atMost === undefined) return undefined;
  const ratio = ratioOf(measurement);
  return ratio >= (atLeast ?? -Infinity) && ratio <= (atMost ?? Infinity);
}

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

/** Milliseconds of the processor that work takes in all threads of this process. */
export async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
