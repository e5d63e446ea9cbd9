/**
 * Runs the benchmarks, each in a process of its own, prints their tables and keeps the figures in `results.json`.
 *
 * - `--only=NAMES` runs these benchmarks or sections, separated by commas; see `benchmarks.ts`.
 * - `--write` then writes `README.md` and the plots from all figures that are kept.
 * - `--page` writes them and measures nothing.
 * - `--quick` runs each at a hundredth of its size, to see that none is broken. Its figures are not kept.
 * - `--sizes=NUMBERS` are the sizes of files that `scale` measures.
 * - `--peers=FOLDER` is the folder in which `peers` installs packages of Node; a temporary one by default.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { benchmarkOf, chosen } from "./benchmarks.ts";
import type { Measurement } from "./measure.ts";
import { keep } from "./page/results.ts";
import { tableOf } from "./page/tables.ts";
import { writePage } from "./page/write.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    write: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    sizes: { type: "string" },
    peers: { type: "string" },
    // The benchmark that this process runs, as a child of another.
    child: { type: "string" },
  },
});

if (values.child !== undefined) {
  const benchmark = await benchmarkOf(values.child);
  for (const measurement of await benchmark(values.quick ? 0.01 : 1)) {
    console.log(JSON.stringify(measurement));
  }
} else {
  for (const name of values.page ? [] : chosen(values.only)) {
    const begun = performance.now();
    const measurements = await runInChild(name).catch((error: Error) => {
      // The others are measured all the same.
      console.error(error.message);
      Deno.exitCode = 1;
      return [];
    });
    console.log(`\n${name}, ${Math.round((performance.now() - begun) / 1_000)} s\n`);
    console.log(tableOf(measurements));
    if (!values.quick && measurements.length > 0) keep(name, measurements);
  }
  if (values.page || values.write) writePage();
}

async function runInChild(name: string): Promise<Measurement[]> {
  const permissions = ["read", "write", "env", "ffi", "sys", "net", "run"];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...permissions.map((name) => `--allow-${name}`),
      import.meta.filename!,
      `--child=${name}`,
      ...(values.quick ? ["--quick"] : []),
      ...(values.sizes === undefined ? [] : [`--sizes=${values.sizes}`]),
      ...(values.peers === undefined ? [] : [`--peers=${values.peers}`]),
    ],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`Benchmark ${name} failed with exit code ${code}`);
  return new TextDecoder().decode(stdout).trim().split("\n").flatMap((line) => {
    if (line.startsWith("{")) return [JSON.parse(line) as Measurement];
    if (line !== "") console.error(line);
    return [];
  });
}
