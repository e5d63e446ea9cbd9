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
  /** Between which ratios half of the rounds lie, where they differ a lot. */
  quartiles?: readonly [number, number];
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
  return quantile(values, 0.5);
}

/** The value below which a share of the figures lies. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error("Nothing was measured");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Runs several bodies in turn, some rounds long, and returns the median of what each returned. */
export async function alternate<K extends string>(
  rounds: number,
  bodies: Record<K, () => number | Promise<number>>,
): Promise<Record<K, number>> {
  const lists = Object.entries<() => number | Promise<number>>(bodies)
    .map(([name, body]) => [name, async () => [await body()]]);
  const figures = await byTurns(rounds, Object.fromEntries(lists));
  return Object.fromEntries(
    Object.entries(figures).map(([name, list]) => [name, median(list)]),
  ) as Record<K, number>;
}

/** Runs several bodies in turn, and returns all figures of each. */
export async function byTurns<K extends string>(
  turns: number,
  bodies: Record<K, () => Promise<number[]>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(bodies) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) figures[name].push(...await bodies[name]());
  }
  return figures;
}

/** The medians of many rounds, and between which ratios half of all pairs of rounds lie. */
export function compared(
  ours: readonly number[],
  name: string,
  theirs: readonly number[],
): Pick<Measurement, "value" | "baseline" | "quartiles"> {
  const ratios = ours.flatMap((one) => theirs.map((other) => one / other));
  return {
    value: median(ours),
    baseline: { name, value: median(theirs) },
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
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
