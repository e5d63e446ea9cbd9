/**
 * The permissions that `docs/reference/permissions.md` names for each command are the least: with them it works, and
 * without any one of them it names the flag that is missing, or lacks what the flag is for.
 *
 * Commands run in Workers of one process, each with permissions of its own. The suite has one command of each kind, the
 * long form all of them.
 *
 * @module
 */
import { COMMANDS } from "../../cli/program.ts";
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { RemoteWorkerStore } from "../../writer/worker/tasks/remote_worker_store.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { IS_LONG } from "../support/long_form.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { tempFolder } from "../support/temp.ts";
import { CliHost } from "./cli_host.ts";

const fixture = (name: string) =>
  decodeURIComponent(new URL(`tests/fixtures/${name}`, ROOT).pathname);

/** From a checkout, Workers read its files, whatever the command. */
const CODE = decodeURIComponent(ROOT.pathname);

/** The flag of a permission, and what it is granted for; `.` is the folder of the database. */
type Flags = Record<string, readonly string[]>;

/** A command line, what it prints with all flags, and what without one of them, where that is not an error. */
interface Case {
  args: string[];
  flags: Flags;
  /** What it prints, with these exit codes. */
  prints: RegExp;
  code?: number;
  /** What is lost without a flag, as what it prints then; by default it fails and names the flag. */
  lost?: Record<string, RegExp>;
}

const R = { read: ["."] };
const RW = { read: ["."], write: ["."] };
const N = { net: ["127.0.0.1"] };
/** Colours, which the environment of the process asks for. */
const COLOURS = { env: ["CI", "TERM", "FORCE_COLOR"] };
// deno-lint-ignore no-control-regex
const COLOURED = /\x1b\[/;
// deno-lint-ignore no-control-regex
const PLAIN = /^[^\x1b]+$/;

/** A command that reads, in colours. */
const reads = (...args: string[]): Case => ({
  args,
  flags: { ...R, ...COLOURS },
  prints: COLOURED,
  lost: { env: PLAIN },
});

const CASES: Record<string, Case[]> = {
  run: [
    {
      args: ["run", fixture("etl.ts"), "--dashboard", "0"],
      flags: { ...RW, ...N },
      prints: /3 tasks/,
    },
  ],
  schedule: [
    { args: ["schedule", fixture("etl.ts"), "--cron", "0 2 1 1 *"], flags: RW, prints: /next run/ },
  ],
  demo: [
    { args: ["demo", "-n", "1", "--dashboard", "0"], flags: { ...RW, ...N }, prints: /1 task / },
  ],
  status: [reads("status")],
  runs: [reads("runs")],
  errors: [reads("errors", "1")],
  logs: [reads("logs", "1")],
  task: [reads("task", "1")],
  durations: [reads("durations", "1")],
  workers: [reads("workers", "--run", "1")],
  cancel: [{ args: ["cancel", "1"], flags: RW, prints: /run 1 is error/, code: 1 }],
  retry: [{ args: ["retry", "1"], flags: RW, prints: /run 1 is error/, code: 1 }],
  dashboard: [{
    args: ["dashboard", "--port", "0"],
    flags: { ...R, ...N, env: ["PIPELOOM_TOKEN"] },
    prints: /Dashboard at \S+#token=viewer/,
    lost: { env: /Dashboard at [^#]+$/m },
  }],
  export: [{
    args: ["export", "1", "-o", "run.html"],
    flags: { ...R, write: ["run.html"] },
    prints: /run\.html/,
  }],
  "init-db": [{ args: ["init-db"], flags: RW, prints: /up to date/ }],
  checkpoint: [{ args: ["checkpoint"], flags: RW, prints: /WAL/ }],
  backup: [{ args: ["backup", "copy.db"], flags: RW, prints: /copy\.db/ }],
  prune: [{ args: ["prune", "--keep-runs", "1"], flags: RW, prints: /deleted/i }],
  vacuum: [{ args: ["vacuum"], flags: RW, prints: /./ }],
  doctor: [{
    args: ["doctor"],
    flags: { ...R, sys: ["statfs"] },
    prints: /free/,
    lost: { sys: /--allow-sys/ },
  }],
};

/** Commands of the suite: one that reads, one that writes, and those with flags of their own. */
const IN_SUITE = ["status", "checkpoint", "export", "dashboard", "doctor"];

/** Commands that start programs. */
const LONG_CASES: Record<string, (nats: string) => Case[]> = {
  serve: () => [{
    args: ["serve", "etl.ts", "--port", "0"],
    flags: { ...RW, ...N, run: [Deno.execPath()] },
    prints: /etl: no schedule/,
    // Each run fails then, and names the flag.
    lost: { read: /✖ etl\.ts: .*--allow-read/, write: /etl: no schedule/ },
  }],
  worker: (nats) => [{
    args: ["worker", fixture("remote_tasks.ts"), "--nats", nats],
    // The module is in the checkout, which is readable.
    flags: { net: [new URL(nats).host], sys: ["hostname"] },
    prints: /Connected to nats/,
    lost: { sys: /Connected to nats/ },
  }],
};

/** What a command may do, with all of these flags. */
function granted(flags: Flags, folder: string): Record<string, readonly string[] | boolean> {
  const all = Object.fromEntries(
    ["read", "write", "net", "env", "run", "sys", "ffi", "import"].map((name) => [name, false]),
  );
  const own = Object.entries(flags).map(([name, values]) => [
    name,
    values.map((value) => name === "read" || name === "write" ? `${folder}/${value}` : value),
  ]);
  const permissions = { ...all, ...Object.fromEntries(own) };
  return { ...permissions, read: [CODE, ...permissions.read || []] };
}

async function check(host: CliHost, folder: string, { args, flags, ...expected }: Case) {
  const run = async (flags: Flags) => {
    for (const name of ["copy.db", "run.html"]) {
      await Deno.remove(`${folder}/${name}`).catch(() => {});
    }
    const { code, out, err } = await host.run({
      args,
      folder,
      permissions: granted(flags, folder),
    });
    return { code, text: out + err };
  };
  for (const flag of Object.keys(flags)) {
    const { [flag]: _, ...others } = flags;
    const { code, text } = await run(others);
    const why = `${args.join(" ")} without --allow-${flag}: exit code ${code}, ${text}`;
    const lost = expected.lost?.[flag];
    if (lost) assertMatch(text, lost, why);
    else {
      assert(code !== 0, why);
      assertMatch(text, new RegExp(`--allow-${flag}`), why);
    }
  }
  // Last, because it may leave nothing to do.
  const { code, text } = await run(flags);
  assertMatch(text, expected.prints);
  assertEquals(code, expected.code ?? 0, text);
}

/** A process for a table, and a database with a run that has ended. */
async function withHost(
  use: (host: CliHost, folder: string) => Promise<void>,
): Promise<void> {
  using folder = tempFolder();
  await runPipeline(["a", "boom"], {
    db: folder.file("pipeloom.db"),
    name: "etl",
    driver: "builtin",
    run(item, task) {
      task.log(`got ${item}`, "error");
      if (item === "boom") throw new Error("no such word");
    },
  });
  using connection = await connect(folder.file("pipeloom.db"));
  const at = new Date().toISOString();
  new RemoteWorkerStore(connection).see({
    ...{ kind: "see_worker", run: 1, worker: "alpha:12", machine: "alpha", version: "0.1.0" },
    ...{ slots: 8, running: 3, ended: 1_234, tasksPerSecond: 2.5, joinedAt: at, heardAt: at },
  });
  const source = Deno.readTextFileSync(fixture("etl.ts"));
  Deno.writeTextFileSync(
    folder.file("etl.ts"),
    source.replace("../../mod.ts", `${ROOT.href}mod.ts`),
  );
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", "--cached-only", "--no-lock"],
      `--config=${CODE}deno.json`,
      "--unstable-worker-options",
      ...["read", "write", "net", "env", "run", "sys"].map((name) => `--allow-${name}`),
      `${CODE}tests/fixtures/permitted_cli.ts`,
    ],
    env: { FORCE_COLOR: "1", NO_COLOR: "", CI: "", PIPELOOM_TOKEN: "viewer" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  await using host = new CliHost(command);
  await use(host, folder.path);
}

Deno.test("a command works with the flags that are named for it, and needs each of them", async () => {
  const named = [...Object.keys(CASES), ...Object.keys(LONG_CASES)];
  assertEquals(named.sort(), Object.keys(COMMANDS).sort());
  await withHost(async (host, folder) => {
    for (const name of IS_LONG ? Object.keys(CASES) : IN_SUITE) {
      for (const each of CASES[name]!) await check(host, folder, each);
    }
  });
});

Deno.test({
  name: "serve and worker work with the flags that are named for them, and need each of them",
  ignore: !IS_LONG || !hasNats,
  fn: async () => {
    await using nats = await NatsServer.start();
    await withHost(async (host, folder) => {
      for (const cases of Object.values(LONG_CASES)) {
        for (const each of cases(nats.url)) await check(host, folder, each);
      }
    });
  },
});
