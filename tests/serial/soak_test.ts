/**
 * A soak: hundreds of short runs of every kind in one process, on one file, beside a dashboard, with pages that come
 * and go, backups and pruning. What the process holds must stay as it is: memory, descriptors, threads, the WAL and
 * the files beside the database.
 *
 * A few rounds here; with `deno task test:faults` 1,440 runs, which is one a minute for 24 hours, or as many as
 * `PIPELOOM_SOAK` sets. The long form leaks on purpose, too, to show that each kind of leak would be found.
 */
import type { DriverName } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import type { Sample } from "../fixtures/soak.ts";
import { IS_LONG } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

/** Runs of a round, as the fixture has them. */
const ROUND = 18;

const RUNS = Number(Deno.env.get("PIPELOOM_SOAK") ?? (IS_LONG ? 1_440 : 4 * ROUND));

const FIXTURE = new URL("../fixtures/soak.ts", import.meta.url);

/** Leaks that the fixture can have on request, what grows, and the rounds after which that is plain. */
const LEAKS: [string, keyof Sample, number][] = [
  ["file", "descriptors", 3],
  ["worker", "threads", 3],
  ["memory", "heap", 12],
  ["sender", "heap", 30],
];

/** Bytes a run that memory may seem to grow by: the remaining noise after that number of runs. */
const FEW_RUNS_NOISE = { heap: 30_000, rss: 500_000 };
const NOISE = IS_LONG ? { heap: 1_500, rss: 20_000 } : FEW_RUNS_NOISE;

/** What may come and go: a connection, threads that wait for files. What leaks grows by some with each round. */
const SLACK = { descriptors: 2, threads: 4, files: 0 };

/** Bytes that the WAL may have: what is written between two checkpoints, twice. */
const MAX_WAL = 8_000_000;

/**
 * The fixture collects the garbage of its own thread. Of the Workers, each small collection is a whole one: V8 minds some
 * 50 MB of theirs as late as it likes, and what their garbage holds outside of the heap would look like growth.
 */
const V8_FLAGS = "--expose-gc,--gc-global,--max-semi-space-size=1,--heap-growing-percent=10";

/** Samples from which the first third is left out: until then the process warms up. */
const MANY = 10;

/** Runs the soak, and returns what it measured. */
async function soak(driver: DriverName, rounds: number, leak?: string): Promise<Sample[]> {
  using folder = tempFolder();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-lock", "--cached-only", `--v8-flags=${V8_FLAGS}`],
      ...[FIXTURE.href, folder.path, driver, `${rounds}`, ...(leak ? [leak] : [])],
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr).slice(-4_000));
  return text.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

/**
 * By how much something grows with each run: the median of the slopes between all pairs of samples. The system takes
 * memory back and gives it again at instants of its own, which changes single samples by some 20 MB.
 */
function slope(samples: readonly Sample[], field: keyof Sample): number {
  const slopes = samples.flatMap((a, i) =>
    samples.slice(i + 1).map((b) => (b[field] - a[field]) / (b.runs - a.runs))
  ).sort((a, b) => a - b);
  const half = slopes.length >> 1;
  return slopes.length % 2 ? slopes[half]! : (slopes[half - 1]! + slopes[half]!) / 2;
}

/** What grows, in words; nothing when all is flat. */
function growth(samples: readonly Sample[], noise = NOISE): string[] {
  const warm = samples.slice(Math.ceil(samples.length / 3));
  const grows: string[] = [];
  for (const field of ["descriptors", "threads", "files"] as const) {
    const least = (part: Sample[]) => Math.min(...part.map((sample) => sample[field]));
    const half = warm.length >> 1;
    const [before, after] = [least(warm.slice(0, half)), least(warm.slice(half))];
    if (after > before + SLACK[field]) grows.push(`${field}: ${before} to ${after}`);
  }
  for (const field of ["heap", "rss"] as const) {
    const bytes = slope(samples.length < MANY ? samples : warm, field);
    if (bytes > noise[field]) grows.push(`${field}: ${Math.round(bytes)} bytes a run`);
  }
  const wal = Math.max(...warm.map(({ wal }) => wal));
  if (wal > MAX_WAL) grows.push(`WAL: ${wal} bytes`);
  return grows;
}

for (const driver of DRIVERS) {
  Deno.test(`what a process holds stays as it is over many runs (${driver})`, async () => {
    const samples = await soak(driver, Math.ceil(RUNS / ROUND));
    const [first, last] = [samples[Math.ceil(samples.length / 3)]!, samples.at(-1)!];
    const shown = (field: keyof Sample, unit = 1) =>
      `${field} ${(first[field] / unit).toFixed(unit > 1 ? 1 : 0)} to ` +
      (last[field] / unit).toFixed(unit > 1 ? 1 : 0);
    console.log(
      `${driver}, ${first.runs} to ${last.runs} runs: ${shown("rss", 1e6)} MB, ` +
        `${shown("heap", 1e6)} MB, ${shown("descriptors")}, ${shown("threads")}, ` +
        `${shown("wal", 1e6)} MB, ${shown("files")}`,
    );
    assertEquals(growth(samples), []);
  });
}

Deno.test("the soak takes memory that the system took back for a moment for no growth", () => {
  const flat = { heap: 12e6, descriptors: 47, threads: 12, wal: 0, files: 4 };
  const sampled = (...megabytes: number[]) =>
    growth(
      megabytes.map((mb, i) => ({ runs: (i + 1) * ROUND, rss: mb * 1e6, ...flat })),
      FEW_RUNS_NOISE,
    );
  assertEquals(sampled(156.6, 158.5, 132.5, 159.2), []);
  assertEquals(sampled(156.6, 168.5, 148.5, 192.2), ["rss: 658796 bytes a run"]);
});

for (const [leak, field, rounds] of IS_LONG ? LEAKS : []) {
  Deno.test(`the soak finds a leak: ${leak}`, async () => {
    const grows = growth(await soak("builtin", rounds, leak));
    assert(grows.some((text) => text.startsWith(field)), grows.join());
  });
}
