/**
 * Runs the whole suite: what can run beside each other in parallel, then what measures a process and has a
 * processor for itself. Its last line is the sum of all.
 *
 * Arguments are passed to each `deno test`, for instance `--filter retry`. Nothing here checks types:
 * `deno task static` does, once.
 *
 * @module
 */

/** Isolates at a time for each processor: most tests wait more than they compute. */
const JOBS_PER_CORE = 3;

/** Test files of a folder that share an isolate: what they import is loaded, compiled and warmed up once. */
const FILES_PER_ISOLATE = 8;

/** Milliseconds after which tests that print nothing hang: the slowest takes a third of that on a busy machine. */
const STALLED_MS = 150_000;

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

const TESTS = new URL("./", import.meta.url);

interface Counts {
  passed: number;
  failed: number;
}

/** The test files of each folder below `folder`, the fullest folder's first, so that none is left for the end. */
function filesByFolder(folder: URL): URL[][] {
  const files: URL[] = [];
  const below: URL[][] = [];
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) below.push(...filesByFolder(new URL(`${name}/`, folder)));
    else if (name.endsWith("_test.ts")) files.push(new URL(name, folder));
  }
  return [files, ...below];
}

/** Writes a module for each isolate, which imports its test files, and returns their paths. */
function writeIsolates(into: string): string[] {
  const paths: string[] = [];
  for (const files of filesByFolder(TESTS)) {
    const isAlone = files.some(({ href }) => href.startsWith(new URL("serial/", TESTS).href));
    if (isAlone) continue;
    const isolates = Math.ceil(files.length / FILES_PER_ISOLATE);
    for (let n = 0; n < isolates; n++) {
      const own = files.filter((_, i) => i % isolates === n);
      const name = own[0]!.href.slice(TESTS.href.length).replaceAll("/", "_");
      const path = `${into}/${n}_${name}`;
      Deno.writeTextFileSync(path, own.map(({ href }) => `import "${href}";\n`).join(""));
      paths.push(path);
    }
  }
  return paths;
}

/** What a process printed, and whether it was killed because it had printed nothing for too long. */
interface Printed {
  text: string;
  success: boolean;
  isStalled: boolean;
}

/** Runs `deno test` in a process of its own, so that nothing of its tests outlasts them. */
async function runTests(args: readonly string[]): Promise<Printed> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", ...PERMISSIONS, ...args, ...Deno.args],
    env: { DENO_JOBS: `${JOBS_PER_CORE * navigator.hardwareConcurrency}` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  let isStalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isStalled = true;
      child.kill("SIGKILL");
    }, STALLED_MS);
  };
  watch();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      watch();
    }
  };
  await Promise.all([read(child.stdout), read(child.stderr)]);
  const { success } = await child.status;
  clearTimeout(timer);
  return { text, success, isStalled };
}

/** Runs one part of the suite, shows what it printed, and counts by its last line. */
async function run(args: readonly string[]): Promise<Counts> {
  let printed = await runTests(args);
  if (printed.isStalled) {
    // Reported and tried once more: tests that hang twice have failed.
    console.log(`${printed.text}\nSTALLED, and run again: deno test ${args.join(" ")}`);
    printed = await runTests(args);
  }
  const { text, success, isStalled } = printed;
  console.log(isStalled ? `${text}\nSTALLED again: deno test ${args.join(" ")}` : text);
  // deno prints, for instance: "ok | 41 passed (3 steps) | 0 failed | 1 ignored (2s)"
  // deno-lint-ignore no-control-regex
  const summary = text.replaceAll(/\x1b\[[\d;]*m/g, "")
    .match(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/m);
  const [passed, failed] = [Number(summary?.[1] ?? 0), Number(summary?.[2] ?? 0)];
  // What ends before its last line has failed, too.
  return { passed, failed: success ? failed : Math.max(1, failed) };
}

/** Runs parts of the suite, some at a time. */
async function runAll(parts: readonly (readonly string[])[], jobs: number): Promise<Counts> {
  const total = { passed: 0, failed: 0 };
  const waiting = [...parts];
  const work = async () => {
    for (let part; (part = waiting.shift());) {
      const { passed, failed } = await run(part);
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return total;
}

const start = performance.now();
const folder = Deno.makeTempDirSync({ prefix: "pipeloom_suite_" });
const total: Counts = { passed: 0, failed: 0 };
try {
  const cores = navigator.hardwareConcurrency;
  const isolates = writeIsolates(folder).map((path) => ["--config=deno.json", path]);
  const measuring = [...Deno.readDirSync(new URL("serial/", TESTS))].map((
    { name },
  ) => [`tests/serial/${name}`]);
  for (
    const [parts, jobs] of [
      [isolates, JOBS_PER_CORE * cores],
      [measuring, cores],
    ] as const
  ) {
    const { passed, failed } = await runAll(parts, jobs);
    total.passed += passed;
    total.failed += failed;
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const seconds = Math.round((performance.now() - start) / 1_000);
console.log(`The suite took ${seconds} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
if (total.failed > 0) Deno.exitCode = 1;
