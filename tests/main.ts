/**
 * Runs the whole suite: what can run beside each other in parallel, then what measures a process and has the
 * machine for itself, then the examples of the documentation. Its last line is the sum of all.
 *
 * Arguments are passed to each `deno test`, for instance `--filter retry`. Nothing here checks types:
 * `deno task static` does, once.
 *
 * @module
 */

/** Test files at a time for each processor: most tests wait more than they compute. */
const JOBS_PER_CORE = 3;

/** What a test may do. Narrower permissions are those of the processes that tests start. */
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-ffi",
  "--allow-sys",
  "--allow-net=127.0.0.1",
];

/** The passes, one after the other. */
const PASSES: readonly string[][] = [
  ["--no-check", "--parallel", "--ignore=tests/serial", "tests"],
  ["--no-check", "tests/serial"],
  ["--no-check", "--parallel", "--doc", "--ignore=tests"],
];

interface Counts {
  passed: number;
  failed: number;
}

/** Runs one pass, shows what it prints, and counts by its last line. */
async function run(args: readonly string[]): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...PERMISSIONS, ...args, ...Deno.args],
    env: { DENO_JOBS: `${JOBS_PER_CORE * navigator.hardwareConcurrency}` },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let last = "";
  const decoder = new TextDecoder();
  for await (const part of child.stdout) {
    await Deno.stdout.write(part);
    last = (last + decoder.decode(part, { stream: true })).slice(-10_000);
  }
  const { success } = await child.status;
  // deno prints, for instance: "ok | 41 passed (3 steps) | 0 failed | 1 ignored (2s)"
  // deno-lint-ignore no-control-regex
  const summary = last.replaceAll(/\x1b\[[\d;]*m/g, "")
    .match(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/m);
  const [passed, failed] = [Number(summary?.[1] ?? 0), Number(summary?.[2] ?? 0)];
  // What ends a pass before its last line has failed, too.
  return { passed, failed: success ? failed : Math.max(1, failed) };
}

const start = performance.now();
let [passed, failed] = [0, 0];
for (const pass of PASSES) {
  const counts = await run(pass);
  passed += counts.passed;
  failed += counts.failed;
}
const seconds = Math.round((performance.now() - start) / 1_000);
console.log(`The suite took ${seconds} s`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) Deno.exitCode = 1;
